"""Measure gates on random bases of real shapes beside what people use without a gate.

    python perf/bases.py [--only 135M 1B] [--rounds 5] [--tokens 64] [--before CHECKOUT] [--lm-eval]

Nothing is downloaded: perf/random_bases.py writes the bases. In every round these take turns, each
round in the opposite order of the one before:

- `gate`: `pytest --model`, cold: nothing of the candidate is stored, the references are
- `before`: the same gate by another checkout, with `--before`
- `steps`: the same gate with clocks around its steps (perf/gate_steps.py), and the least time
- `transformers`: that again with the base through transformers, where torch alone would do
- `merged`, `unmerged`: a plain loop over transformers and PEFT, batch 25, process start to end
- `lm-eval`: lm-evaluation-harness with batch 25, bfloat16, without its bootstrap; where its
  environment exists (perf/peers.py) or `--lm-eval` asks for it to be installed

The loops and lm-eval write the texts and weigh the ideals; the gate also embeds, compares, judges
and reports. To try it out: `--only tiny --rounds 1 --cases 4 --tokens 8`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate_steps import STEPS
from naive_loop import write_asked
from pairs import RULE, Turn, compared, in_turn, noise, spread, too_noisy
from peers import WAYS as PEER_WAYS
from peers import Peer, is_ready
from random_bases import Shape, chosen, in_child, takes_quick_way, write_settings, written
from roofline import COUNTED
from trial_project import BENCHMARK, PYTEST, ROOT, SpeedProject, commit, here, machine
from watched import Watched, gib, watched

WAYS = {
    "gate": "this gate, cold, verdict and all",
    "before": "the gate before",
    "steps": "",
    "transformers": "",
    "merged": "plain loop, merged, batch 25",
    "unmerged": "plain loop, unmerged, batch 25",
    "lm-eval": "lm-evaluation-harness at its best, no bootstrap",
}
"""What can take turns, as the table has it; the two without words are in the table of steps."""
BEST = next(way for way in PEER_WAYS if way.name == "at its best, without its bootstrap")
REFERENCE, CANDIDATE = "reference", "candidate"


@dataclass(frozen=True)
class Piece:
    """A process that was measured, and the steps of a gate that was watched."""

    seconds: float
    resident: int
    through: str = ""
    """`torch alone` or `transformers`."""
    steps: dict[str, float] | None = None
    least: float | None = None

    def __str__(self) -> str:
        steps = "".join(f", {name} {spent:.2f}" for name, spent in (self.steps or {}).items())
        return f"{self.seconds:.2f} s, {gib(self.resident)}{steps}"

    @property
    def worked(self) -> float:
        """Seconds of reading, writing and weighing."""
        steps = self.steps or {}
        return sum(steps[name] for name in ("read", "write", "weigh"))


@dataclass(frozen=True)
class Found:
    """What was measured on a base."""

    shape: Shape
    weights: int
    turns: dict[str, list[Turn[Piece]]]


class BaseProject(SpeedProject):
    """A project on a random base, with two adapters and the first cases of `outreach`."""

    def __init__(self, folder: Path, cases: int, tokens: int, checkout: Path = ROOT) -> None:
        """Take a folder that has the base and the adapters."""
        super().__init__(folder, checkout)
        self.tokens = tokens
        write_settings(folder, tokens)
        self.first_cases(cases)
        self.asked = folder / "asked.json"
        self._write_asked()

    def _write_asked(self) -> None:
        import tomllib

        place = self.folder / "benchmarks" / BENCHMARK
        system = tomllib.loads((place / "benchmark.toml").read_text(encoding="utf-8"))["system"]
        lines = (place / "cases.jsonl").read_text(encoding="utf-8").splitlines()
        write_asked(self.asked, system, [json.loads(line) for line in lines], self.tokens)

    def cold_gate(self, **environment: str) -> Watched:
        """Run a gate whose candidate has no outputs yet; an environment is for its clocks."""
        self.renew()
        plugin = ("-p", "perf.gate_steps") if environment else ()
        words = [sys.executable, *PYTEST, *plugin, "--model", CANDIDATE]
        return watched(words, self.folder, here(self.checkout) | environment).verdict("a gate")

    def watched_gate(self, through: str = "") -> Piece:
        """Run a gate with clocks around its steps."""
        place = self.folder / "steps.json"
        begun = repr(time.monotonic())
        done = self.cold_gate(GATE_STEPS=str(place), GATE_BEGUN=begun, GATE_THROUGH=through)
        told: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
        steps = told["seconds"]
        return Piece(sum(steps.values()), done.resident, told["through"], steps, told["least"])

    def loop(self, *how: str) -> Watched:
        """Run a plain loop in a separate process."""
        script = str(Path(__file__).with_name("naive_loop.py"))
        places = [str(self.folder / "base"), str(self.folder / "adapters" / CANDIDATE)]
        words = [sys.executable, script, *places, str(self.asked), *how]
        return watched(words, self.folder, here()).verdict("a plain loop")


def measured(shape: Shape, asked: argparse.Namespace) -> Found:
    """Write a base and measure all ways on it in turn."""
    with tempfile.TemporaryDirectory(prefix="lora-harness-bases-") as place:
        folder = Path(place)
        weights = written(shape, folder, (REFERENCE, CANDIDATE))
        actions = _actions(folder, asked)
        turns = in_turn(
            {name: actions[name] for name in asked.ways if name in actions}, asked.rounds
        )
    return Found(shape, weights, turns)


def _actions(folder: Path, asked: argparse.Namespace) -> dict[str, Callable[[], Piece]]:
    project = BaseProject(folder, asked.cases, asked.tokens)
    project.warm_up(REFERENCE)
    actions: dict[str, Callable[[], Piece]] = {
        "gate": lambda: _piece(project.cold_gate()),
        "steps": project.watched_gate,
        "merged": lambda: _piece(project.loop("--merge")),
        "unmerged": lambda: _piece(project.loop()),
    }
    if in_child(takes_quick_way, folder / "base"):  # else `steps` goes through transformers anyway
        actions["transformers"] = lambda: project.watched_gate("transformers")
    if asked.before:
        old = BaseProject(_linked(folder), asked.cases, asked.tokens, asked.before.resolve())
        old.warm_up(REFERENCE)
        actions["before"] = lambda: _piece(old.cold_gate())
    if asked.lm_eval or is_ready(asked.environment):
        peer = Peer(asked.environment.absolute(), folder, asked.tokens)
        actions["lm-eval"] = lambda: _piece(peer.run(BEST, CANDIDATE))
    return actions


def _piece(done: Watched) -> Piece:
    return Piece(done.seconds, done.resident)


def _linked(folder: Path) -> Path:
    """Return a second project's folder with the same base and adapters, not copied."""
    target = folder / "before"
    target.mkdir()
    for name in ("base", "adapters"):
        (target / name).symlink_to(folder / name)
    return target


def times(found: Sequence[Found]) -> list[str]:
    """Lay out the table of times and memory: a line for each way on each base."""
    lines = [
        "| base | | seconds | this gate / it | peak | peak / weights |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for one in found:
        gates = one.turns["gate"]
        for name, turns in one.turns.items():
            if not WAYS[name]:
                continue
            beside = compared(gates, turns, lambda piece: piece.seconds)
            peak = max(turn.found.resident for turn in turns)
            seconds, ratio = f"{beside.right:.1f}", beside.ratio.told()
            if beside.too_noisy:
                seconds, ratio = "", beside.too_noisy
            lines.append(
                f"| {one.shape.name}, {gib(one.weights)} | {WAYS[name]} | {seconds}"
                f" | {'' if name == 'gate' and not beside.too_noisy else ratio}"
                f" | {gib(peak)} | {peak / one.weights:.1f} |"
            )
    return lines


def steps(found: Sequence[Found]) -> list[str]:
    """Lay out the table of steps: seconds in the median of the rounds."""
    if not any(one.turns.get("steps") for one in found):
        return []
    lines = [
        f"| base | through | {' | '.join(STEPS)} | all | torch alone / it | work / roofline |",
        f"|---|---|{'--:|' * (len(STEPS) + 3)}",
    ]
    for one in found:
        for name in ("steps", "transformers"):
            if turns := one.turns.get(name):
                lines.append(_step_line(one, turns))
    return lines


def _step_line(one: Found, turns: Sequence[Turn[Piece]]) -> str:
    pieces = [turn.found for turn in turns]
    beside = compared(one.turns["steps"], turns, lambda piece: piece.seconds)
    head = f"| {one.shape.name} | {pieces[0].through} |"
    if beside.too_noisy:
        return f"{head} {' | ' * len(STEPS)} | {beside.too_noisy} | |"
    cells = [
        f"{spread((piece.steps or {})[step] for piece in pieces).middle:.2f}" for step in STEPS
    ]
    least = [piece.worked / piece.least for piece in pieces if piece.least]
    quick = "" if turns is one.turns["steps"] else beside.ratio.told()
    cells += [f"{beside.right:.1f}", quick, spread(least).told() if least else ""]
    return f"{head} {' | '.join(cells)} |"


def goals(found: Sequence[Found]) -> list[str]:
    """Return a line for each goal that the bases of a billion weights are held to."""
    lines = []
    for one in found:
        if one.shape.name != GOALS_ON:
            continue
        for name, goal in (("merged", 0.5), ("lm-eval", 1.0)):
            if name in one.turns:
                beside = compared(one.turns["gate"], one.turns[name], lambda piece: piece.seconds)
                said = beside.too_noisy or beside.ratio.reaches(goal)
                lines.append(f"- {GOALS_ON}: at most {goal:g} of {WAYS[name]}: {said}")
        if turns := one.turns.get("steps"):
            least = [t.found.worked / t.found.least for t in turns if t.found.least]
            said = too_noisy(spread(noise(turn) for turn in turns).middle)
            said = said or spread(least).reaches(2.0)
            lines.append(
                f"- {GOALS_ON}: reading, writing and weighing at most 2.0 rooflines: {said}"
            )
    return lines


GOALS_ON = "Llama-3.2-1B"


def options() -> argparse.ArgumentParser:
    """Return the options."""
    found = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    found.add_argument("--only", nargs="+", default=[], help="Shapes whose names hold a word.")
    found.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    found.add_argument("--rounds", type=int, default=5)
    found.add_argument("--cases", type=int, default=25)
    found.add_argument("--tokens", type=int, default=64, help="New tokens of a text.")
    found.add_argument("--before", type=Path, help="A second checkout, gated in turn.")
    found.add_argument("--lm-eval", action="store_true", help="Install it where it is missing.")
    found.add_argument("--environment", type=Path, default=ROOT / ".venv-peers")
    return found


def main() -> None:
    """Print the tables."""
    asked = options().parse_args()
    asked.ways = ["gate", *(name for name in WAYS if name in asked.ways and name != "gate")]
    told = machine()
    found = []
    for shape in chosen(asked.only):
        begun = time.monotonic()
        found.append(measured(shape, asked))
        print(f"{shape.name}: {time.monotonic() - begun:.0f} s", *times(found[-1:])[2:], sep="\n",
              file=sys.stderr, flush=True)  # fmt: skip
    print("\n".join(f"- {line}" for line in told))
    if asked.before:
        print(f"- before: commit {commit(asked.before)}")
    print(f"- {asked.cases} cases, up to {asked.tokens} new tokens, {asked.rounds} rounds\n")
    print("\n".join([*times(found), "", *steps(found), "", *goals(found), ""]))
    print("Steps: " + "; ".join(f"{name}: {what}" for name, what in STEPS.items()) + ".")
    print(f"\nThe roofline counts {COUNTED}.\n\n{RULE}.")


if __name__ == "__main__":
    main()
