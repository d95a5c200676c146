"""Let atheris look for input that a reader neither reads nor refuses; one process per target.

    python tests/fuzz/run.py --seconds 20 [--only json,toml] [--jobs 1]

Prints how often each target was asked and whether it broke. Exit code 1 where one did: what broke
it lies in `tests/fuzz/crashes/TARGET/` (git ignores it) and becomes a row of `tests/threats`.
Exit code 0 with a line where atheris is not installed (it has wheels for Linux on x86-64).
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CRASHES = HERE / "crashes"
sys.path.insert(0, str(ROOT))

RUNS = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
SECONDS_EACH = 10
"""After which a single input counts as one that hangs."""
MEGABYTES = 2048


@dataclass(frozen=True)
class Found:
    """One target, asked for a while."""

    name: str
    executions: int
    broke: str
    """The last words of the traceback, or nothing."""


def fuzz(name: str, seconds: int) -> Found:
    """A process of its own: libFuzzer ends the one it breaks."""
    from tests.fuzz.targets import TARGETS

    crashes = CRASHES / name
    crashes.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as away:
        corpus = Path(away) / "corpus"
        corpus.mkdir()
        for number, seed in enumerate(TARGETS[name].seeds):
            (corpus / f"seed-{number}").write_bytes(seed)
        words = Path(away) / "words"
        words.write_text(dictionary(TARGETS[name].words), encoding="ascii")
        done = subprocess.run(
            [
                sys.executable, str(HERE / "one.py"), name, str(corpus),
                f"-max_total_time={seconds}", f"-artifact_prefix={crashes}/", f"-dict={words}",
                f"-timeout={SECONDS_EACH}", f"-rss_limit_mb={MEGABYTES}", "-max_len=20000",
                "-print_final_stats=1", "-verbosity=1",
            ],
            capture_output=True, cwd=away, check=False,
        )  # fmt: skip
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    runs = RUNS.search(said)
    return Found(name, int(runs[1]) if runs else 0, broke(said) if done.returncode else "")


def dictionary(words: tuple[str, ...]) -> str:
    """As libFuzzer reads it: printable ASCII, everything else as \\xNN."""
    lines = []
    for word in words:
        raw = word.encode("utf-8", "surrogatepass")
        lines.append('"' + "".join(f"\\x{byte:02x}" for byte in raw) + '"\n')
    return "".join(lines)


def broke(said: str) -> str:
    """What a broken target said, in a few words."""
    lines = [line.strip() for line in said.splitlines()]
    errors = [one for one in lines if re.match(r"[A-Za-z_.]*(Error|Exception|Interrupt)\b", one)]
    killed = [one for one in lines if "ERROR: libFuzzer" in one]
    return (errors or killed or ["it ended before its time: " + " ".join(lines[-1:])])[-1][:200]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=20, help="for each target")
    parser.add_argument("--only", default="", help="these targets, with commas")
    parser.add_argument("--jobs", type=int, default=1, help="targets at once")
    asked = parser.parse_args()
    if find_spec("atheris") is None:
        print("atheris is not installed here (Linux on x86-64 only): nothing was fuzzed")
        return
    from tests.fuzz.targets import TARGETS

    names = [name for name in asked.only.split(",") if name] or list(TARGETS)
    print(f"{'target':<16}{'executions':>12}  crashes")
    found = []
    with ThreadPoolExecutor(asked.jobs) as together:
        for one in together.map(lambda name: fuzz(name, asked.seconds), names):
            print(f"{one.name:<16}{one.executions:>12,}  {one.broke or 0}", flush=True)
            found.append(one)
    broken = [one.name for one in found if one.broke]
    total = sum(one.executions for one in found)
    print(f"\n{len(found)} targets, {total:,} executions, {len(broken)} crashes")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
