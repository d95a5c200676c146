"""Make BENCHMARKS.md: run its commands and keep what each prints beneath it, section by section.

    python perf/benchmarks_page.py [SECTION...] [--before CHECKOUT] [--small] [--into FILE]

Every figure of the page was printed by the command above it. A section is written when its command
has ended, so a run that is stopped keeps what it has; sections that are not asked for stay, with
the machine and the commit that they name. `--words="--rounds 2"` adds words to one section's
command, on the page too. `--small` runs the same commands in minutes, to see that
they work; it prints and writes only where `--into` says. Tested in
tests/perf/test_benchmarks_page.py.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trial_project import ROOT, machine

PLACE = ROOT / "BENCHMARKS.md"
HEAD = """\
# Benchmarks

`python perf/benchmarks_page.py` makes this page: it runs the commands below and keeps what each
prints. The figures of a section were measured in turn, in one run; compare ratios, not seconds.
"""
BEFORE = "CHECKOUT"
"""Stands on the page for the path of a second checkout, whose commit the command prints."""
FEW_RUNS = "--runs 200 --reviews 200 --decisions 10 --times 1"
LATE = "above the limit"
GOALS, OFF = "the goals: ", "off, the goal is"


@dataclass(frozen=True)
class Section:
    """A part of the page: a command, what it measures, and how long it takes."""

    title: str
    words: str
    """The command, from the checkout's root, without `python`."""
    says: str = ""
    small: str = ""
    """Further words with which it takes little time."""
    before: bool = False
    """Whether it takes `--before`."""
    plain: bool = False
    """Whether it prints no Markdown."""
    nowhere: bool = False
    """Whether it does not say on which machine it ran."""
    missed: str = ""
    """Words with which it says that a promise is not kept, and then ends with 1."""
    minutes: int = 5
    """About how long it takes on two quiet cores."""


SECTIONS = {
    "speed": Section(
        "On the shipped base", "perf/bench.py",
        small="--cases 3 --runs 1 --candidates 1 --rounds 1 --adapters 2",
        before=True, minutes=30,
    ),
    "peers": Section(
        "Beside lm-evaluation-harness", "perf/peers.py --rounds 5",
        "The 25 cases through lm-evaluation-harness in a separate environment. Like the gate, it"
        " writes and scores the texts (`ter`) and weighs the ideals (`perplexity`). The goal: as it"
        " comes at least 10 times.",
        small="--rounds 1 --cases 3", before=True, minutes=25,
    ),
    "bases": Section(
        "As the base grows", "perf/bases.py --rounds 5",
        "Random weights in the shapes of bases that people use, bfloat16, a LoRA of rank 8 on all"
        " matrices of the layers.",
        small="--only tiny --rounds 1 --cases 4 --tokens 8", before=True, minutes=120,
    ),
    "memory": Section(
        "Memory", "perf/memory.py",
        "Gates of 4 cases and 8 tokens under RLIMIT_DATA (as `prlimit --data` sets it). The goal is"
        " 1.3 times the weights and 1 GiB. Inconclusive is the verdict that 4 cases allow. Where a"
        " gate broke off, its peak is that of the part it came to.",
        small="--only 360M", before=True, minutes=5,
    ),
    "cases": Section(
        "Many cases, a tiny base", "perf/many_cases.py --base tiny",
        small="--sizes 64 --prompt 50 --tokens 8", minutes=20,
    ),
    "cases-shipped": Section(
        "Many cases, the shipped base", "perf/many_cases.py",
        small="--sizes 32 --prompt 50 --tokens 4", minutes=20,
    ),
    "dashboard": Section(
        "Pages of the dashboard", "perf/dashboard_speed.py",
        small=FEW_RUNS, plain=True, nowhere=True, missed=LATE, minutes=5,
    ),
    "dashboard-postgresql": Section(
        "Pages of the dashboard, PostgreSQL", "perf/dashboard_speed.py --postgresql",
        small=FEW_RUNS, plain=True, nowhere=True, missed=LATE, minutes=8,
    ),
    "data": Section(
        "Checking training data", "perf/data_speed.py", small="2000", plain=True, nowhere=True,
        minutes=3,
    ),
    "reviews": Section(
        "Importing reviews", "perf/reviews_speed.py --rows 1000000", small="--rows 2000",
        plain=True, nowhere=True, minutes=10,
    ),
    "recording": Section(
        "Recording outputs and reviews, call by call", "perf/recording_speed.py --postgresql",
        small="--calls 20", plain=True, nowhere=True, missed=LATE, minutes=1,
    ),
    "fleet": Section(
        "A night of 10,000 adapters", "perf/fleet.py", small="--adapters 40 --workers 1 2",
        plain=True, missed=GOALS, minutes=10,
    ),
    "time-left": Section(
        "How long a sweep says that it takes", "perf/time_left.py",
        small="--adapters 3 --cases 2", plain=True, missed=OFF, minutes=15,
    ),
}  # fmt: skip
"""The page's sections by name, in its order."""


def command(section: Section, before: str = "", small: bool = False, more: str = "") -> str:
    """Return a section's command; `before` is a checkout, where the section takes one.

    `more` are further words, which the page shows too.
    """
    words = [section.words]
    if small and section.small:
        words.append(section.small)
    if more:
        words.append(more)
    if before and section.before:
        words.append(f"--before {shlex.quote(before)}")
    return " ".join(words)


def rendered(name: str, shown: str, printed: str, told: Sequence[str] = ()) -> str:
    """Return a section's text: title, command, and what the command printed.

    `told` describes the machine, where the command does not.
    """
    section = SECTIONS[name]
    lines = printed.strip().splitlines()
    body = [f"    {line}".rstrip() for line in lines] if section.plain else lines
    machine_lines = "\n".join(f"- {line}" for line in told)
    parts = [section.says, f"    python {shown}", machine_lines, "\n".join(body)]
    head = f"{_mark(name)}\n\n## {section.title}"
    return "\n\n".join([head, *(part for part in parts if part)]) + "\n"


def sections(page: str) -> dict[str, str]:
    """Return the sections that a page has, by name; text before the first mark is the head's."""
    found = {}
    for part in page.split(_mark("")[: -len(" -->")])[1:]:
        name, _, rest = part.partition(" -->")
        found[name] = f"{_mark(name)}{rest}".rstrip() + "\n"
    return found


def whole(parts: Mapping[str, str]) -> str:
    """Return the whole page in the order of its sections; sections of other names are dropped."""
    return "\n".join([HEAD, *(parts[name] for name in SECTIONS if name in parts)])


def keep(place: Path, name: str, text: str) -> None:
    """Put a section in its place on the page, and leave the others."""
    page = place.read_text(encoding="utf-8") if place.is_file() else ""
    place.write_text(whole(sections(page) | {name: text}), encoding="utf-8", newline="\n")


def _mark(name: str) -> str:
    return f"<!-- section: {name} -->"


def printed(words: str, missed: str = "") -> str | None:
    """Return what a command prints, shown as it comes; None where it failed."""
    parts = [sys.executable, *shlex.split(words)]
    with subprocess.Popen(parts, cwd=ROOT, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        lines = []
        for line in worker.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    text = "".join(lines)
    fine = worker.returncode == 0 or (worker.returncode == 1 and missed and missed in text)
    return text if fine else None


def made(
    names: Sequence[str], before: str, small: bool, place: Path | None, more: str = ""
) -> list[str]:
    """Run the commands of some sections; return the names of those that failed."""
    failed = []
    for name in names:
        section, begun = SECTIONS[name], time.monotonic()
        print(f"{name}: about {section.minutes} minutes on two quiet cores", file=sys.stderr)
        told = machine() if section.nowhere else []
        text = printed(command(section, before, small, more), section.missed)
        print(f"{name}: {(time.monotonic() - begun) / 60:.1f} minutes", file=sys.stderr, flush=True)
        if text is None:
            failed.append(name)
        elif place is not None:
            shown = command(section, BEFORE if before else "", small, more)
            keep(place, name, rendered(name, shown, text, told))
    return failed


def main() -> None:
    """Make the page, or parts of it."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    options.add_argument("--before", default="", help="A second checkout, measured in turn.")
    options.add_argument("--small", action="store_true", help="Try the commands out.")
    options.add_argument("--words", default="", help="Further words for the one section asked for.")
    options.add_argument("--into", type=Path, help="Another file than BENCHMARKS.md.")
    asked = options.parse_args()
    if unknown := set(asked.sections) - set(SECTIONS):
        options.error(f"no section {min(unknown)}; there are {', '.join(SECTIONS)}")
    if asked.words and len(asked.sections) != 1:
        options.error("--words are for one section: name it")
    if asked.before and not (Path(asked.before) / "harness").is_dir():
        options.error(f"{asked.before} is no checkout: it has no folder harness")
    before = str(Path(asked.before).resolve()) if asked.before else ""
    place = asked.into or (None if asked.small else PLACE)
    failed = made(asked.sections or list(SECTIONS), before, asked.small, place, asked.words)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}; their sections are as they were")


if __name__ == "__main__":
    main()
