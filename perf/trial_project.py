"""Shared parts of the speed scripts: a project of 25 cases, fresh candidates, timed processes.

Everything lies in a temporary folder; the shipped project is only read.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

SOURCE = "adapter_v3"
"""Candidates are copies of it."""
BENCHMARK = "outreach"
PYTEST = (
    *("-m", "pytest", "-q", "-p", "no:cacheprovider"),
    *("-p", "no:hypothesispytest", "-p", "no:xdist", "-p", "no:xdist.looponfail"),
)
"""Without the plugins that only this checkout's own tests need: no user's pytest has them."""
NAMED = ("torch", "transformers", "peft")


class SpeedProject:
    """A project whose commands are timed; its store can return to where the references are made.

    `checkout` is where the harness is taken from: this checkout, or an older one beside it.
    """

    def __init__(self, folder: Path, checkout: Path = ROOT) -> None:
        self.folder = folder
        self.checkout = checkout
        self.store = folder / "reports" / "harness.db"
        self._kept = folder / "kept.db"

    def first_cases(self, count: int, name: str = BENCHMARK) -> int:
        """Write a shipped benchmark with its first cases alone, and return their number."""
        source, target = (where / "benchmarks" / name for where in (ROOT, self.folder))
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / "benchmark.toml", target)
        lines = (source / "cases.jsonl").read_text(encoding="utf-8").splitlines()[:count]
        (target / "cases.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return len(lines)

    def warm_up(self, reference: str = "adapter_v2") -> None:
        """Make the runs of all references, and keep the store for every later start."""
        self.command("evaluate", reference, "--json")
        _copy(self.store, self._kept)

    def renew(self) -> None:
        """Restore the store that followed the warm-up."""
        for file in self.store.parent.glob(f"{self.store.name}*"):
            file.unlink()
        _copy(self._kept, self.store)

    def change_one_case(self) -> None:
        """Change the input of the first case and nothing else."""
        file = self.folder / "benchmarks" / BENCHMARK / "cases.jsonl"
        first, *others = file.read_text(encoding="utf-8").splitlines()
        case = json.loads(first)
        case["input"] += ", by rail"
        file.write_text("\n".join([json.dumps(case), *others]) + "\n", encoding="utf-8")

    def count(self, what: str) -> int:
        """Count the store's `outputs` or `runs`."""
        with closing(sqlite3.connect(self.store)) as store:
            return int(store.execute(f"SELECT count(*) FROM {what}").fetchone()[0])

    def seconds(self, adapters: list[str]) -> list[dict[str, float]]:
        """Return the steps' times in the newest runs of these adapters."""
        from harness.flows.project import Project
        from harness.flows.store import open_store

        with closing(open_store(Project.here(self.folder))) as store:
            runs = [store.runs.newest(name, BENCHMARK) for name in adapters]
        return [dict(run.seconds) for run in runs if run is not None]

    def command(self, *words: str) -> float:
        """Return the wall time of one `lora-harness` command."""
        return self._timed("-m", "harness.cli", *words)

    def gate(self, adapter: str) -> float:
        """Return the wall time of one `pytest --model`."""
        return self._timed(*PYTEST, "--model", adapter)

    def cold(self, adapter: str) -> float:
        """Return the wall time of a gate whose candidate has no outputs yet."""
        self.renew()
        return self.gate(adapter)

    def _timed(self, *words: str) -> float:
        return timed([sys.executable, *words], self.folder, here(self.checkout))

    def script(self, name: str, *words: str) -> Any:
        """Return the JSON that another script of this folder prints."""
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name(name)), str(self.folder), *words],
            cwd=self.folder, env=here(self.checkout), stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        return json.loads(done.stdout)


class TrialProject(SpeedProject):
    """The shipped base, embedder, adapters and decisions, with the first cases of `outreach`."""

    def __init__(
        self,
        folder: Path,
        cases: int = 25,
        candidates: int = 1,
        benchmarks: tuple[str, ...] = (BENCHMARK,),
        checkout: Path = ROOT,
    ) -> None:
        super().__init__(folder, checkout)
        # The checkout's own: an older one does not know later settings. The cases are the same.
        shutil.copytree(checkout / "adapters", folder / "adapters")
        shutil.copy(checkout / "pyproject.toml", folder)
        self.cases = sum(self.first_cases(cases, name) for name in benchmarks)
        self.store.parent.mkdir()
        shutil.copy(checkout / "reports" / "history.jsonl", self.store.parent)
        self.candidates = self._copies(candidates)

    def _copies(self, count: int) -> list[str]:
        """Write adapters with other bytes, of the same size, and nearly the same texts."""
        from safetensors.torch import load_file, save_file

        from harness.workspace.adapters.files import file_digest

        source = ROOT / "adapters" / SOURCE
        tensors = load_file(source / "adapter_model.safetensors")
        names = [f"copy_{number}" for number in range(1, count + 1)]
        for number, name in enumerate(names, start=1):
            target = self.folder / "adapters" / name
            shutil.copytree(source, target)
            scaled = {
                key: values * (1 + 1e-2 * number) if "lora_B" in key else values
                for key, values in tensors.items()
            }
            save_file(scaled, target / "adapter_model.safetensors")
        different = {file_digest(self._weights(name)) for name in (*names, SOURCE)}
        assert len(different) == count + 1, "two candidates are the same bytes: one would be free"
        return names

    def _weights(self, adapter: str) -> Path:
        return self.folder / "adapters" / adapter / "adapter_model.safetensors"


@contextmanager
def trial(cases: int, candidates: int, checkout: Path = ROOT) -> Iterator[TrialProject]:
    """Open a project in a temporary folder, with the runs of all references made."""
    with tempfile.TemporaryDirectory() as place:
        project = TrialProject(Path(place) / "project", cases, candidates, checkout=checkout)
        project.warm_up()
        yield project


def timed(
    words: list[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    fine: tuple[int, ...] = (0, 1, 10),
) -> float:
    """Return the wall time of a whole process; any verdict is fine, a failure is not."""
    begun = time.perf_counter()
    done = subprocess.run(
        words, cwd=folder, env=environment or here(), capture_output=True, text=True, check=False
    )
    spent = time.perf_counter() - begun
    if done.returncode not in fine:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return spent


def here(checkout: Path = ROOT) -> dict[str, str]:
    """Return the environment with a checkout in front, and Python's bytecode kept as usual.

    This checkout follows an older one, so that the scripts here run with the older harness.
    """
    unusual = "PYTHONDONTWRITEBYTECODE"  # compiling anew at every start is not what users wait for
    kept = {name: value for name, value in os.environ.items() if name != unusual}
    places = dict.fromkeys((str(checkout), str(ROOT)))
    return {**kept, "PYTHONPATH": os.pathsep.join(places)}


def _copy(source: Path, target: Path) -> None:
    """Copy the whole store, with the part that is still in its log."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def machine() -> list[str]:
    """Describe the machine, one line each; the load is that before the first figure."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB memory",
        f"{platform.platform(terse=True)}, Python {platform.python_version()}, "
        + ", ".join(f"{name} {_version(name)}" for name in NAMED),
        f"commit {commit()}, load average before: "
        + " ".join(f"{load:.1f}" for load in os.getloadavg())
        + f", OMP_NUM_THREADS {os.environ.get('OMP_NUM_THREADS', 'not set')}",
    ]


def _processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in told if line.startswith("model name")]
    flags = next((line.split() for line in told if line.startswith(("flags", "Features"))), [])
    fast = [flag for flag in ("avx512_bf16", "amx_bf16", "bf16") if flag in flags]
    return " ".join([names[0] if names else platform.machine(), *fast])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def commit(checkout: Path = ROOT) -> str:
    """Return the short name of a checkout's commit, marked where files differ from it."""
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=10", "--exclude=*"],
        cwd=checkout, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return said.stdout.strip() or "unknown"
