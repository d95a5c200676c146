"""Try a real vLLM on this machine's processor: right servers, wrong ones, and interruptions.

    python perf/vllm_check.py [--only right] [--keep FOLDER]

The first run builds `.venv-vllm`. Each line of the table says what was tried, what was seen and
whether that is as wanted; the exit code is 1 where a line is not, or a scene broke off.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path

from trial_project import machine
from vllm_environment import VERSION, environment
from vllm_right import bfloat16, prefix_caching, preloaded, repeated, right
from vllm_server import NotUp, free_port
from vllm_stopped import stopped
from vllm_trial import Line, Trial
from vllm_wrong import unlisted, wrong

SCENES: Mapping[str, Callable[[Trial], Iterator[Line]]] = {
    "right": right,
    "wrong": wrong,
    "unlisted": unlisted,
    "stopped": stopped,
    "preloaded": preloaded,
    "prefix caching": prefix_caching,
    "bfloat16": bfloat16,
    "repeated": repeated,
}


def tried(trial: Trial, scene: Callable[[Trial], Iterator[Line]]) -> Iterator[Line]:
    """Yield the lines of a scene, and one more if its server does not come up."""
    try:
        yield from scene(trial)
    except NotUp as problem:
        yield Line(f"{scene.__name__}: the server does not start", str(problem), False)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--only", default="", help="scenes with this in their name")
    options.add_argument(
        "--keep", type=Path, help="a folder that stays, with project, stores and log"
    )
    options.add_argument("--port", type=int, default=free_port(), help="else a free one")
    asked = options.parse_args()
    programs = environment()
    print("\n".join([*machine(), f"vLLM {VERSION}+cpu, float32 unless said"]), flush=True)
    wrong_lines = lines = 0
    kept = nullcontext(asked.keep) if asked.keep else tempfile.TemporaryDirectory()
    with kept as place:
        Path(place).mkdir(exist_ok=True)
        trial = Trial.prepared(Path(place), programs, asked.port)
        for name, scene in SCENES.items():
            if asked.only not in name:
                continue
            print(f"\n{name}", flush=True)
            begun = time.monotonic()
            for line in tried(trial, scene):
                spent, begun = time.monotonic() - begun, time.monotonic()
                mark = "yes" if line.fine else "NO "
                print(f"  {mark} {line.tried:<46} {line.seen}  [{spent:.0f} s]", flush=True)
                lines, wrong_lines = lines + 1, wrong_lines + (not line.fine)
    print(f"\n{lines} lines, {lines - wrong_lines} as wanted")
    sys.exit(1 if wrong_lines or not lines else 0)


if __name__ == "__main__":
    main()
