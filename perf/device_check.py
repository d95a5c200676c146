"""Try the engine on an accelerator: doctor, gate, batches, too little memory, nf4 and speed.

    python perf/device_check.py [--seconds 480] [--processor]

On a machine with CUDA it tries the shipped adapter on the shipped base, and writes a table; each
line says whether it is as wanted, and the exit code is 1 where a line is not. Without CUDA it says
"not tried"; `--processor` runs the same steps on a processor.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from device_trial import STEPS, DeviceLine, DeviceTrial
from trial_project import BENCHMARK, SOURCE, TrialProject, machine

from harness.engines.local.device import probe
from harness.errors import reason

MARKS = {True: "yes", False: "NO ", None: " . "}
PROMOTED = "adapter_v2"


class OutOfTime(BaseException):
    """The time is over; no handler of an engine's errors may catch it."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in this thread when the seconds are over."""

    def over(number: int, frame: FrameType | None) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def lines(trial: DeviceTrial, seconds: float) -> Iterator[DeviceLine]:
    """Yield the lines of every step, and one more for a step that fails or takes too long.

    A step may take a part of the time that is left, the last one all of it, so each is reached.
    """
    until = time.monotonic() + seconds
    for number, step in enumerate(STEPS):
        left = until - time.monotonic()
        share = 2 * left / (len(STEPS) - number + 1)
        found: list[DeviceLine] = []
        try:
            if share <= 0:
                raise OutOfTime
            with deadline(share):
                found.extend(step(trial))
        except OutOfTime:
            seen = f"not ended in {max(0.0, share):.0f} s, see --seconds"
            found.append(DeviceLine(step.__name__, seen, False))
        except Exception as problem:  # torch, CUDA and vLLM raise any kind
            seen = f"failed: {type(problem).__name__}: {reason(problem)}"
            found.append(DeviceLine(step.__name__, seen, False))
        yield from found


def shipped(folder: Path, cases: int) -> DeviceTrial:
    """Make a project of the shipped adapters and the first cases, in float32."""
    project = TrialProject(folder, cases)
    settings = folder / "pyproject.toml"
    head = "[tool.harness.generation]\n"
    text = settings.read_text(encoding="utf-8").replace(head, f'{head}dtype = "float32"\n')
    settings.write_text(text, encoding="utf-8")
    return DeviceTrial(project.folder, SOURCE, PROMOTED, BENCHMARK)


def main() -> None:
    """Print the table, or that there is no device to try."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=480, help="for everything (480)")
    options.add_argument("--cases", type=int, default=16, help="the first of the benchmark (16)")
    options.add_argument("--processor", action="store_true", help="try the steps without CUDA")
    asked = options.parse_args()
    if asked.processor:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    begun, device = time.monotonic(), probe()
    print("\n".join(machine()), flush=True)
    if device.kind != "cuda" and not asked.processor:
        print("not tried: this machine has no CUDA device; --processor tries the steps without one")
        return
    print(f"device {device.kind} {device.model}, {device.dtype}\n", flush=True)
    wrong = 0
    with tempfile.TemporaryDirectory() as place:
        trial = shipped(Path(place) / "project", asked.cases)
        for line in lines(trial, asked.seconds - (time.monotonic() - begun)):
            print(f"  {MARKS[line.fine]} {line.tried:<40} {line.seen}", flush=True)
            wrong += line.fine is False
    print(f"\n{wrong} lines not as wanted, {time.monotonic() - begun:.0f} s")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
