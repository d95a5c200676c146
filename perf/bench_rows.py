"""Rows of `make bench`: each part measures two things in turn and states their ratio.

A part makes its own temporary project, so that it can be run alone. With `--before` a second
checkout does the same work in the same rounds, in a project of its own.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pairs import Comparison, Pair, Turn, compared, in_turn, noise, spread
from roofline import ROWS
from sweep_speed import GOAL, against_parts, measured_sweep, one_by_one
from trial_project import BENCHMARK, PYTEST, ROOT, TrialProject, commit, here, timed, trial

WHY_BFLOAT16 = (
    "bfloat16 keeps 8 bits of a number: another batch or an adapter beside the weights instead of"
    " in them adds up in another order, and where the two likeliest tokens are that close the"
    " other one is taken and the rest of the text follows it"
)
WARM = """
import sys
import pytest
code = pytest.main(sys.argv[1:])
print("torch" in sys.modules, file=sys.stderr)
sys.exit(int(code))
"""

IN_A_PROCESS = 3
"""Adapters that one process writes for the roofline; processes take turns with another checkout."""


@dataclass(frozen=True)
class Row:
    """A line of the table: a figure, the figure measured beside it, and their ratio."""

    what: str
    ours: str = ""
    beside: str = ""
    ratio: str = ""
    goal: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the row's cells in the order of the table's head."""
        return self.what, self.ours, self.beside, self.ratio, self.goal


Rows = Iterator[Row]
NOW, BEFORE, BESIDE = "now", "before", "beside"
"""What takes turns: this checkout, another one, and what both are compared with."""


def compared_row(
    what: str, pairs: Comparison, *, goal: float | None = None, says: str = "", form: str = ".1f"
) -> Row:
    """Return a row with a ratio, its spread and whether it keeps a goal; or that it cannot tell."""
    if pairs.too_noisy:
        return Row(what, ratio=pairs.too_noisy, goal="" if goal is None else f"at most {goal:g}")
    left, right = (f"{figure:{form}} s" for figure in (pairs.left, pairs.right))
    remarks = [] if goal is None else [f"at most {goal:g}: {pairs.ratio.reaches(goal)}"]
    remarks += [says] if says else []
    return Row(what, left, right, pairs.ratio.told(), "; ".join(remarks))


@contextmanager
def both(asked: argparse.Namespace, candidates: int) -> Iterator[dict[str, TrialProject]]:
    """Open a project for this checkout, and one for the checkout before where there is one."""
    places = {NOW: ROOT} | ({BEFORE: asked.before.resolve()} if asked.before else {})
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(trial(asked.cases, candidates, place))
            for name, place in places.items()
        }


def before_rows(
    asked: argparse.Namespace,
    turns: Mapping[str, Sequence[Turn[Any]]],
    figure: Callable[[Any], float] = float,
) -> Iterator[Row]:
    """Compare this checkout with the one before, where that took turns."""
    if asked.before:
        what = f"  the same by commit {commit(asked.before)} / now"
        yield compared_row(what, compared(turns[BEFORE], turns[NOW], figure), form=".2f")


def strangers(folder: Path) -> list[str]:
    """Return a test that does not use the harness, and its import by the runner."""
    (folder / "test_stranger.py").write_text("def test_nothing():\n    pass\n")
    return [sys.executable, *PYTEST]


def idle(asked: argparse.Namespace) -> Rows:
    """Measure how much an installed but unused plugin slows another project's pytest run."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        words = [*strangers(folder), "--collect-only"]
        turns = in_turn(
            {NOW: lambda: timed(words, folder),
             BESIDE: lambda: timed([*words, "-p", "no:harness"], folder)},
            3 * asked.runs,  # a few milliseconds of some hundred
        )  # fmt: skip
    pairs = compared(turns[NOW], turns[BESIDE])
    more = spread(1000 * (pair.left - pair.right) for pair in pairs.pairs)
    yield compared_row(
        "idle: collecting a stranger's tests, plugin on / switched off", pairs,
        says=f"at most 10 ms more: {more.told('+.1f')} ms, {more.reaches(10)}", form=".3f",
    )  # fmt: skip


def warm(asked: argparse.Namespace) -> Rows:
    """Measure a gate whose outputs are all stored; it imports no heavy library."""
    with both(asked, 1) as projects, tempfile.TemporaryDirectory() as place:
        words = strangers(Path(place))
        actions = {BESIDE: lambda: timed(words, Path(place))}
        for key, project in projects.items():
            (name,) = project.candidates
            project.gate(name)
            actions[key] = lambda project=project, name=name: project.gate(name)
        turns = in_turn(actions, asked.runs)
        torch = {"True": "imported", "False": "not imported"}[_says_torch(projects[NOW])]
    yield compared_row(
        "warm: process start to verdict, all stored / an empty pytest run",
        compared(turns[NOW], turns[BESIDE]), goal=3.5, says=f"torch {torch}", form=".2f",
    )  # fmt: skip
    yield from before_rows(asked, turns)


def _says_torch(project: TrialProject) -> str:
    said = subprocess.run(
        [sys.executable, "-c", WARM, "-q", "--model", *project.candidates],
        cwd=project.folder, env=here(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    return said.stderr.split()[-1]


def cold(asked: argparse.Namespace) -> Rows:
    """Measure a new adapter from process start to verdict, and the share of each step."""
    found = []
    with both(asked, 1) as projects:
        now = projects[NOW]
        (name,) = now.candidates

        def gate() -> float:
            wall = now.cold(name)
            (steps,) = now.seconds([name])
            found.append(steps | {"all": wall, "rest": wall - sum(steps.values())})
            return wall

        actions = {key: lambda one=one: one.cold(name) for key, one in projects.items()}
        turns = in_turn(actions | {NOW: gate}, asked.candidates)
    limit = Comparison(tuple(Pair(turn.found, 8.0, noise(turn)) for turn in turns[NOW]))
    what = f"cold: a new adapter on {now.cases} cases, process start to verdict / 8 s"
    yield compared_row(what, limit, goal=1, form=".2f")
    yield from before_rows(asked, turns)
    if limit.too_noisy:
        return
    middle = {key: statistics.median(one[key] for one in found) for key in found[0]}
    steps_told = {
        "generate": "loading, mounting and writing",
        "likelihood": "weighing the ideals",
        "measure": "embedding and measuring",
        "rest": "starting, collecting, judging, ending",
    }
    for step, told in steps_told.items():
        share = f"{middle[step] / middle['all']:.0%} of it"
        yield Row(f"  of this {told}", f"{middle[step]:.2f} s", "", share)


def finals(asked: argparse.Namespace) -> Rows:
    """Compare weighing what people sent with the theoretical minimum."""
    with trial(asked.cases, asked.candidates) as project:
        found = project.script("engine_speed.py", "finals", *project.candidates)
    low, _, high = found["tokens"]
    yield compared_row(
        f"weighing {found['finals']} finals ({low} to {high} tokens) / roofline",
        made_and_least(found["adapters"]), goal=2.5, form=".2f",
    )  # fmt: skip


def made_and_least(adapters: Sequence[Mapping[str, float]]) -> Comparison:
    """Compare what the engine took for each adapter with the least of the same minute."""
    return Comparison(tuple(Pair(one["made"], one["least"], one["noise"]) for one in adapters))


def roofline(asked: argparse.Namespace) -> Rows:
    """Compare generation and likelihoods with the theoretical minimum and with a naive loop."""
    with both(asked, min(IN_A_PROCESS, asked.candidates)) as projects:
        now = projects[NOW]
        turns = in_turn(
            {key: lambda one=one: one.script("engine_speed.py", "ours", *one.candidates)
             for key, one in projects.items()},
            asked.rounds,
        )  # fmt: skip
        naive = now.script("engine_speed.py", "naive", now.candidates[0])
    ours = turns[NOW][-1].found
    made = {key: [one for turn in turns[key] for one in turn.found["adapters"]] for key in projects}
    pairs = made_and_least(made[NOW])
    tokens = statistics.median(one["tokens"] for one in made[NOW])
    yield compared_row(
        f"writing and weighing {now.cases} cases ({tokens:.0f} tokens) / roofline",
        pairs, goal=2.0, form=".2f",
    )  # fmt: skip
    if asked.before:
        what = f"  the same by commit {commit(asked.before)}"
        yield compared_row(what, made_and_least(made[BEFORE]), form=".2f")
    for phase in ours["phases"]:
        yield Row(
            f"  roofline of {phase['name']}", "", f"{phase['seconds']:.3f} s",
            "", f"{phase['bytes'] / 1e9:.2f} GB, {phase['operations'] / 1e9:.1f} G operations",
        )  # fmt: skip
    speed, rate = (
        statistics.median(one[key] for one in made[NOW]) / 1e9 for key in ("bandwidth", "rate")
    )
    yield Row(
        f"  measured: {ours['dtype']}, {ours['threads']} threads", "", "", "",
        f"{speed:.1f} GB/s, {rate:.0f} G operations/s ({ROWS} rows)",
    )  # fmt: skip
    for one in naive:
        beside = Comparison((Pair(one["seconds"], pairs.left, one["noise"]),))
        yield compared_row(
            f"a naive loop over generate, {one['dtype']} ({one['tokens']} tokens) / ours", beside
        )


def one(asked: argparse.Namespace) -> Rows:
    """Measure a gate after one case of the benchmark was changed."""
    with trial(asked.cases, 1) as project:
        (name,) = project.candidates
        file = project.folder / "benchmarks" / BENCHMARK / "cases.jsonl"
        cases = file.read_bytes()

        def change() -> tuple[float, float, dict[str, int]]:
            file.write_bytes(cases)
            whole = project.cold(name)
            before = {what: project.count(what) for what in ("outputs", "runs")}
            project.change_one_case()
            again = project.gate(name)
            return again, whole, {w: project.count(w) - count for w, count in before.items()}

        turns = in_turn({NOW: change}, asked.rounds)[NOW]
    new = turns[0].found[2]
    pairs = [Pair(turn.found[0], turn.found[1], noise(turn)) for turn in turns]
    yield compared_row(
        "one case changed: process start to verdict / all cold for the candidate",
        Comparison(tuple(pairs)), form=".2f",
        says=f"{new['outputs']} outputs written, {new['runs']} runs compared: one case each",
    )  # fmt: skip


def sweep(asked: argparse.Namespace) -> Rows:
    """Measure many adapters in one process, its parts before and after it in the same round."""
    count = asked.adapters
    with both(asked, count) as projects:
        now = projects[NOW]
        actions: dict[str, Callable[[], Any]] = {
            key: lambda one=one: measured_sweep(one) for key, one in projects.items()
        }
        turns = in_turn(actions | {BESIDE: lambda: one_by_one(now)}, asked.rounds)
    what = f"sweep of {count} adapters / load + {count} x generation"
    yield compared_row(what, against_parts(turns[NOW]), goal=GOAL)
    alone = compared(turns[BESIDE], turns[NOW], lambda one: getattr(one, "swept", one))
    yield compared_row(f"  the same {count} one by one / sweep", alone)
    yield from before_rows(asked, turns, lambda one: one.swept)


def equality(asked: argparse.Namespace) -> Rows:
    """Check whether a text depends on the batch size or on merging."""
    with trial(asked.cases, 1) as project:
        found = project.script("engine_speed.py", "equality", *project.candidates)
    for row in found:
        how = "merged" if row["merged"] else "beside the weights"
        yield Row(
            f"texts equal to batch 1, merged: {row['dtype']}, {how}, batch {row['batch']}",
            f"{row['equal']} of {row['of']}", "", f"{row['equal'] / row['of']:.2f}",
            "all" if row["dtype"] == "float32" else "counted",
        )  # fmt: skip


PARTS: dict[str, Callable[[argparse.Namespace], Rows]] = {
    "idle": idle,
    "warm": warm,
    "cold": cold,
    "roofline": roofline,
    "finals": finals,
    "one": one,
    "sweep": sweep,
    "equality": equality,
}
