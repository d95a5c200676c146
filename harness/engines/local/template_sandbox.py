"""Render chat templates in a separate process, which may be killed: they are foreign programs.

Tested in tests/engines/local/test_chat_templates.py.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from harness.errors import EngineFailed, WeightsError

_log = logging.getLogger(__name__)

MAX_PROMPT = 4 * 1024 * 1024
"""Characters of a rendered prompt."""
SECONDS = 2.0
"""Time for a rendering, after the process has started."""
_START_SECONDS = 60.0
_MEGABYTES = 512
_CHILD = """
import json, sys
from transformers.utils.chat_template_utils import render_jinja_template as render
try:
    import resource
    pages = int(open("/proc/self/statm").read().split()[0])
    limit = pages * resource.getpagesize() + MEGABYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, OSError, ValueError):
    pass
print("ready", flush=True)
for line in sys.stdin:
    template, turns, variables, ask = json.loads(line)
    try:
        made, _ = render(
            [turns], chat_template=template, add_generation_prompt=ask, **variables
        )
        said = {"text": made[0]} if len(made[0]) <= LONGEST else {"long": True}
        said = json.dumps(said)
    except MemoryError:
        said = '{"long": true}'
    except Exception as problem:
        said = json.dumps({"refused": (str(problem) or type(problem).__name__)[:500]})
    print(said, flush=True)
"""


def render_apart(
    template: str,
    turns: Sequence[Mapping[str, str]],
    variables: Mapping[str, Any],
    ask: bool,
    whose: str,
) -> str:
    """Render turns in the process; refuse a template that takes too long or makes too much.

    `whose` names the template in errors.
    """
    line = json.dumps([template, turns, variables, ask], default=str)
    answer = _sandbox().ask(line)
    if answer is None:
        raise WeightsError(
            f"{whose} takes longer than {SECONDS:g} s for one prompt, a template that ends is"
            " needed"
        )
    if "long" in answer:
        raise WeightsError(
            f"{whose} makes more than {MAX_PROMPT:,} characters of one prompt, a shorter one is"
            " needed"
        )
    if "refused" in answer:
        raise EngineFailed(f"{whose} does not take the prompt ({answer['refused']})")
    return str(answer["text"])


@lru_cache(maxsize=1)
def _sandbox() -> _Sandbox:
    return _Sandbox()


class _Sandbox:
    """A process that renders templates and may be killed; it ends with this process."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._turn = threading.Lock()

    def ask(self, line: str) -> dict[str, Any] | None:
        """Return the process's answer; None if it took too long."""
        with self._turn:
            if self._process is None:
                self._process = self._started()
            process = self._process
            assert process.stdin is not None
            process.stdin.write(line + "\n")
            process.stdin.flush()
            answer = read_line(process, SECONDS)
            if not answer.strip():
                self._process = None  # it was killed; the next call starts another
                return None
        found: dict[str, Any] = json.loads(answer)
        return found

    def _started(self) -> subprocess.Popen[str]:
        code = _CHILD.replace("MEGABYTES", str(_MEGABYTES)).replace("LONGEST", str(MAX_PROMPT))
        _log.info("a process is started for chat templates that are not plain")
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        if read_line(process, _START_SECONDS).strip() != "ready":
            raise WeightsError(
                "a chat template could not be tried in a process of its own, and it is not plain"
                " enough to be trusted; run the same command again"
            )
        return process


def read_line(process: subprocess.Popen[str], seconds: float) -> str:
    """Return the next line a process writes, empty where it died or was killed for its delay."""
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        assert process.stdout is not None
        return process.stdout.readline()
    finally:
        timer.cancel()
