"""Start a real vLLM on this machine's processor, right or wrong, and stop it again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

ALL_MODULES = (
    "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
    "qkv_proj", "gate_up_proj",
)  # fmt: skip
"""Every matrix of a Llama layer, and the two into which vLLM packs five of them."""
BASE_NAME = "shipped-base"
RANK = 8
"""The rank of the shipped adapters: a larger `--max-lora-rank` computes that many more columns."""
STARTING = 600.0
STOPPING = 30.0


def free_port() -> int:
    """Return a port of this machine at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class NotUp(Exception):
    """The server did not come up; the end of its log says why."""


@dataclass
class VLLMServer:
    """A server on this machine, while the `with` block lasts."""

    programs: Path
    base: Path
    log: Path
    port: int
    words: tuple[str, ...] = ()
    """More words of the command, after those of the recipe."""
    names: tuple[str, ...] = (BASE_NAME,)
    dtype: str = "float32"
    modules: tuple[str, ...] = ALL_MODULES
    """The matrices that it applies adapters to; all of the base where none is named."""
    runtime: bool = True
    """Whether it loads adapters while it runs."""
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """The address of its API."""
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> VLLMServer:
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self.command(), env=self._environment(), stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def command(self) -> list[str]:
        """Return the command, as harness/engines/README.md has it."""
        return [
            str(self.programs / "vllm"), "serve", str(self.base),
            "--host", "127.0.0.1", "--port", str(self.port),
            "--served-model-name", *self.names,
            "--dtype", self.dtype, "--max-model-len", "2048", "--enforce-eager",
            "--generation-config", "vllm",
            "--enable-lora", "--max-lora-rank", str(RANK), "--max-loras", "1",
            *(("--lora-target-modules", *self.modules) if self.modules else ()),
            *self.words,
        ]  # fmt: skip

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
        return kept | {
            "PATH": f"{self.programs}{os.pathsep}{kept.get('PATH', '')}",
            "VLLM_CPU_KVCACHE_SPACE": "2",
            "VLLM_ALLOW_RUNTIME_LORA_UPDATING": str(self.runtime),
            "VLLM_NO_USAGE_STATS": "1",
            "HF_HUB_OFFLINE": "1",
            # Else it binds itself to all cores but one, which on a small machine is a single one.
            "VLLM_CPU_OMP_THREADS_BIND": "nobind",
            "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "2"),
        }

    def _wait(self) -> None:
        assert self._process is not None
        until = time.monotonic() + STARTING
        while time.monotonic() < until and self._process.poll() is None:
            with suppress(OSError), urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5):
                return
            time.sleep(0.5)
        said = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        errors = (line for line in reversed(said) if "Error: " in line and "WARNING" not in line)
        raise NotUp(next(errors, f"no answer after {STARTING:g} s"))

    def models(self) -> list[str]:
        """Return the names that it lists."""
        with urlopen(f"{self.url}/models", timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        return sorted(row["id"] for row in found["data"])

    def __exit__(self, *_: object) -> None:
        """Stop it, and the processes that it started."""
        assert self._process is not None
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOPPING)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
