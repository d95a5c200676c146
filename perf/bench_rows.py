"""Rows of `make bench`: each part measures two things side by side and states their ratio.

A part makes its own temporary project, so that it can be run alone.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roofline import ROWS
from sweep_speed import one_round
from trial_project import PYTEST, here, timed, trial

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


@dataclass(frozen=True)
class Row:
    """A line of the table: a figure, the figure measured beside it, and their ratio."""

    what: str
    ours: str
    beside: str = ""
    ratio: str = ""
    goal: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the row's cells in the order of the table's head."""
        return self.what, self.ours, self.beside, self.ratio, self.goal


Rows = Iterator[Row]


def medians(
    a: Callable[[], float], b: Callable[[], float], runs: int
) -> tuple[float, float, float, float]:
    """Measure two actions in turn, after an uncounted round of each: a, b, a - b, a / b.

    Difference and ratio are medians over the pairs, since machines drift.
    """
    a(), b()
    pairs = [(a(), b()) for _ in range(runs)]
    left, right = (statistics.median(column) for column in zip(*pairs, strict=True))
    more = statistics.median(x - y for x, y in pairs)
    return left, right, more, statistics.median(x / y for x, y in pairs)


def strangers(folder: Path) -> list[str]:
    """Return a test that does not use the harness, and its import by the runner."""
    (folder / "test_stranger.py").write_text("def test_nothing():\n    pass\n")
    return [sys.executable, *PYTEST]


def idle(asked: argparse.Namespace) -> Rows:
    """Measure how much an installed but unused plugin slows another project's pytest run."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        words = [*strangers(folder), "--collect-only"]
        on, off, more, ratio = medians(
            lambda: timed(words, folder),
            lambda: timed([*words, "-p", "no:harness"], folder),
            3 * asked.runs,  # a few milliseconds of some hundred
        )
    yield Row(
        "idle: collecting a stranger's tests, plugin on / switched off",
        f"{on * 1000:.0f} ms", f"{off * 1000:.0f} ms", f"{ratio:.3f}",
        f"at most 10 ms more: {more * 1000:+.1f} ms",
    )  # fmt: skip


def warm(asked: argparse.Namespace) -> Rows:
    """Measure a gate whose outputs are all stored; it imports no heavy library."""
    with trial(asked.cases, 1) as project, tempfile.TemporaryDirectory() as place:
        name = project.candidates[0]
        project.gate(name)
        words = strangers(Path(place))
        gate, empty, _, ratio = medians(
            lambda: project.gate(name), lambda: timed(words, Path(place)), asked.runs
        )
        said = subprocess.run(
            [sys.executable, "-c", WARM, "-q", "--model", name],
            cwd=project.folder, env=here(), capture_output=True, text=True, check=False,
        )  # fmt: skip
    torch = {"True": "imported", "False": "not imported"}[said.stderr.split()[-1]]
    yield Row(
        "warm: process start to verdict, all stored / an empty pytest run",
        f"{gate:.2f} s", f"{empty:.2f} s", f"{ratio:.2f}", f"at most 1.0 s, torch {torch}",
    )  # fmt: skip


def cold(asked: argparse.Namespace) -> Rows:
    """Measure a new adapter from process start to verdict, and the share of each step."""
    with trial(asked.cases, asked.candidates) as project:
        found = []
        for name in project.candidates:
            project.renew()
            wall = project.gate(name)
            (steps,) = project.seconds([name])
            found.append(steps | {"all": wall, "rest": wall - sum(steps.values())})
        cases = project.cases
    middle = {key: statistics.median(one[key] for one in found) for key in found[0]}
    yield Row(
        f"cold: a new adapter on {cases} cases, process start to verdict",
        f"{middle['all']:.2f} s", "8 s", f"{middle['all'] / 8:.2f}",
        f"at most 8 s; median of {len(found)}, {_range([one['all'] for one in found])}",
    )  # fmt: skip
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
        found: Any = project.script("engine_speed.py", "finals", *project.candidates)
    low, _, high = found["tokens"]
    yield Row(
        f"weighing {found['finals']} finals ({low} to {high} tokens) / roofline",
        f"{found['seconds']:.2f} s", f"{found['least']:.2f} s", f"{found['ratio']:.2f}",
        f"at most 2.5; {_range(found['ratios'])}",
    )  # fmt: skip


def roofline(asked: argparse.Namespace) -> Rows:
    """Compare generation and likelihoods with the theoretical minimum and with a naive loop."""
    with trial(asked.cases, asked.candidates) as project:
        found: Any = project.script("engine_speed.py", "work", *project.candidates)
        cases = project.cases
    ours, least = found["ours"], found["ours"]["least"]
    made = ours["generate"] + ours["likelihood"]
    yield Row(
        f"writing and weighing {cases} cases ({ours['tokens']:.0f} tokens) / roofline",
        f"{made:.2f} s", f"{least:.2f} s", f"{ours['ratio']:.2f}", "at most 1.5",
    )  # fmt: skip
    for phase in found["phases"]:
        yield Row(
            f"  roofline of {phase['name']}", "", f"{phase['seconds']:.3f} s",
            "", f"{phase['bytes'] / 1e9:.2f} GB, {phase['operations'] / 1e9:.1f} G operations",
        )  # fmt: skip
    yield Row(
        f"  measured: {found['dtype']}, {found['threads']} threads", "", "", "",
        f"{found['bandwidth'] / 1e9:.1f} GB/s, {found['rate'] / 1e9:.0f} G operations/s"
        f" ({ROWS} rows)",
    )  # fmt: skip
    for dtype, naive in found["naive"].items():
        yield Row(
            f"a naive loop over generate, {dtype} ({naive['tokens']} tokens) / ours",
            f"{made:.2f} s", f"{naive['seconds']:.2f} s", f"{naive['seconds'] / made:.1f}",
        )  # fmt: skip


def one(asked: argparse.Namespace) -> Rows:
    """Measure a gate after one case of the benchmark was changed."""
    with trial(asked.cases, 1) as project:
        name = project.candidates[0]
        whole = project.gate(name)
        before = {what: project.count(what) for what in ("outputs", "runs")}
        project.change_one_case()
        again = project.gate(name)
        new = {what: project.count(what) - count for what, count in before.items()}
    yield Row(
        "one case changed: process start to verdict / all cold for the candidate",
        f"{again:.2f} s", f"{whole:.2f} s", f"{again / whole:.2f}",
        f"{new['outputs']} outputs written, {new['runs']} runs compared: one case each",
    )  # fmt: skip


def sweep(asked: argparse.Namespace) -> Rows:
    """Measure many adapters in one process."""
    with trial(asked.cases, asked.adapters) as project:
        rounds = [one_round(project) for _ in range(asked.rounds)]
    count = asked.adapters
    yield _middle(
        f"sweep of {count} adapters / load + {count} x generation",
        [(r.swept, r.parts) for r in rounds], "at most 1.1",
    )  # fmt: skip
    yield _middle(f"  the same {count} one by one / sweep", [(r.alone, r.swept) for r in rounds])


def _middle(what: str, pairs: list[tuple[float, float]], goal: str = "") -> Row:
    """Return the medians, of the ratios too."""
    left, right = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    return Row(what, f"{left:.1f} s", f"{right:.1f} s", f"{ratio:.2f}", goal)


def _range(figures: list[float]) -> str:
    return f"{min(figures):.2f} to {max(figures):.2f} s"


def equality(asked: argparse.Namespace) -> Rows:
    """Check whether a text depends on the batch size or on merging."""
    with trial(asked.cases, 1) as project:
        found: Any = project.script("engine_speed.py", "equality", *project.candidates)
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
