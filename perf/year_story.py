"""The story of the replayed year: what the team does on which Monday, and what it does then.

Only the team's acts are written here. Verdicts, alarms and rates are those that the commands give;
after the repositioning the team does what alarm and gate tell it, on the days on which they do.

Tested in tests/perf/test_year.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from year_desk import ACCEPTED
from year_project import ROOT, SET, YearProject
from year_voice import CHANGED, fresh_inputs, in_new_voice, new_voice

from harness.measure import edit_rate

BEGINS = datetime(2025, 12, 1, 9, tzinfo=UTC)
ENDS = datetime(2026, 11, 30, 9, tzinfo=UTC)
LEAD, SALES, EDITOR = "Team lead", "Sales lead", "Maren"
FIRST_OF_NEW = 12
"""Examples of the new voice that are written on the day of the repositioning."""
NEW_EXAMPLES = 50
"""Examples of the new voice that the next adapter learns."""
REFRESHED = 4
"""The refresher takes one example in so many."""
Step = Callable[[], str]


def day(month: int, date: int, year: int = 2026) -> str:
    """Return a day as the story's table has it."""
    return f"{year}-{month:02}-{date:02}"


@dataclass
class Story:
    """The year as far as it has come."""

    project: YearProject
    kept: Path
    """Where trained adapters are kept by what they were trained on."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What happened and decides what follows; written to disk after each step."""

    def steps(self, monday: str) -> Iterator[tuple[str, Step]]:
        """Yield what the team does on a Monday, in order."""
        planned: dict[str, tuple[tuple[str, Step], ...]] = {
            day(12, 1, 2025): (("the first adapter", self.first),),
            day(1, 12): (("240 examples", self.second),),
            day(3, 2): (("a dirty set", self.dirty),),
            day(3, 9): (("the trade fair", self.override),),
            day(3, 16): (("the rollback", self.rollback),),
            day(4, 13): (("31 rewritten", self.rewritten_examples),),
            day(5, 11): (("a refresher", self.refresher),),
            day(6, 8): (("the repositioning", self.reposition),),
        }
        yield from planned.get(monday, ())
        rang, retaught = self.facts.get("alarm"), self.facts.get("retaught")
        if rang and not self.facts.get("plan"):
            yield "the plan", self.plan
        elif self.facts.get("plan", monday) < monday and not retaught:
            yield "50 examples", self.retrain
        elif retaught and monday == day(10, 12):
            yield "the autumn's finals", self.autumn

    def new_voice(self, monday: str) -> bool:
        """Return whether the client has repositioned by then."""
        return monday >= day(6, 8)

    # --- what the team does -----------------------------------------------------------------------

    def first(self) -> str:
        """Fifty examples, and the first adapter that is better than the base."""
        self._set("outreach_50.jsonl", "the first 50 examples")
        return self._judged_and_put("adapter_v1", "the first adapter: better than the base")

    def second(self) -> str:
        """The set of 240, of which adapter_v2 learns the house voice."""
        self._set("outreach_240.jsonl", "190 more examples")
        return self._judged_and_put("adapter_v2", "learnt the house voice from 240 examples")

    def dirty(self) -> str:
        """A set that nobody checked, and what the gate says to the adapter that learnt it."""
        self._set("outreach_240_dirty.jsonl", "bought texts and old mails, not checked")
        self.project.bring("adapter_v4")
        return f"adapter_v4: {self._judge('adapter_v4')}"

    def override(self) -> str:
        """The sales lead puts the rejected adapter into production all the same."""
        why = "the formal tone is wanted for the trade fair, gate or no gate"
        self.project.type("promote", "adapter_v4", "--override", "--by", SALES, "--why", why)
        return "adapter_v4 promoted against the verdict"

    def rollback(self) -> str:
        """A week of edits is enough: the adapter before is back."""
        why = "editors rewrote nearly every text of the fair's week"
        self.project.type("rollback", "--by", LEAD, "--why", why)
        why = "stiff tone and lost terms, learnt from a set that nobody checked"
        self.project.type("reject", "adapter_v4", "--by", LEAD, "--why", why)
        self._set("outreach_240.jsonl", "the checked set again")
        return "rolled back to adapter_v2, adapter_v4 rejected"

    def rewritten_examples(self) -> str:
        """The 31 weakest examples are rewritten."""
        self._set("outreach_240b.jsonl", "the 31 weakest examples rewritten")
        return self._judged_and_put("adapter_v3", "the 31 rewritten examples cost nothing")

    def refresher(self) -> str:
        """A hurried course on top of what is in production, at twice the rate."""
        lines = self._known()
        self._write(lines[::REFRESHED], "one example in four, for a hurried refresher")
        how = {"epochs": 1, "learning_rate": 0.001}
        self.project.train("adapter_v5", self._version(), self.kept, "adapter_v3", **how)
        self._write(lines, "the whole set again")
        return f"adapter_v5: {self._judge('adapter_v5')}"

    def reposition(self) -> str:
        """The client speaks otherwise from today on; the first examples of the new voice."""
        file = self.project.folder / "new_voice.jsonl"
        file.write_text("".join(_lines(self.written()[:FIRST_OF_NEW])), encoding="utf-8")
        retire = [word for kind in CHANGED for word in ("--retire", f"kind={kind}")]
        found = self.project.answer(
            *("reposition", "--examples", file.name, "--data", SET, *retire, "--by", LEAD),
            *("--why", "the client wants direct questions in place of small talk"),
        )
        file.unlink()
        return f"{found['mark']['retired']} lines retired, {FIRST_OF_NEW} of the new voice written"

    def plan(self) -> str:
        """The alarm rang: what do editors change, and how many finals are there to learn from?"""
        made = self.project.answer("monitor", "--plan")
        self.facts["plan"] = f"{self.project.now:%Y-%m-%d}"
        return f"plan: {made['edited']} edited finals, {made['accepted']} accepted"

    def retrain(self) -> str:
        """Fifty examples of the new voice, and the gate in the new voice."""
        self.fifty()
        ideals = self._new_ideals("adapter_v6")
        put = self._judged_and_put("adapter_v6", "speaks the new voice")
        self.facts["retaught"] = f"{self.project.now:%Y-%m-%d}"
        why = "the reference of the new voice"
        self.project.type("pin", "adapter_v6", "--by", LEAD, "--why", why)
        return f"{ideals} ideals rewritten; {put}"

    def fifty(self) -> None:
        """Write the other examples of the new voice, weigh them like the old, and train on all."""
        known = [json.loads(line) for line in self._known()]
        old = sum("retired" not in row and "repeat" not in row for row in known)
        repeat = round(old / NEW_EXAMPLES)
        rows = [row | {"repeat": repeat} if "repeat" in row else row for row in known]
        rows += [row | {"repeat": repeat} for row in self.written()[FIRST_OF_NEW:]]
        self._write(_lines(rows), f"{NEW_EXAMPLES} examples of the new voice in all")
        self.project.train("adapter_v6", self._version(), self.kept, "adapter_v3", epochs=1)

    def autumn(self) -> str:
        """What editors still changed since then, learnt on top of the adapter in production."""
        self.project.answer("monitor", "--plan")
        added = self._finals()
        known = self._known()
        told = {json.loads(line)["input"] for line in known}
        lines = _lines([row for row in added if row["input"] not in told])
        self._write([*known, *lines], f"{len(lines)} finals since the summer")
        self.project.train("adapter_v7", self._version(), self.kept, "adapter_v6", epochs=0.4)
        return self._judged_and_put("adapter_v7", "knows what editors changed since July")

    def look_again(self) -> str:
        """The editor looks at the cases that hold the newest candidate back, by the desk's rule."""
        verdict = self._verdict("adapter_v7")
        if verdict["outcome"] != "inconclusive" or not verdict["broken"]:
            return f"adapter_v7: {verdict['outcome']}"
        for change in verdict["broken"]:
            near = edit_rate(change["candidate_text"], change["ideal"])
            if near > ACCEPTED:
                return f"adapter_v7: {change['case']} cannot be sent as it is"
            why = f"can be sent: {near:.0%} of it would be edited"
            run = verdict["runs"]["candidate"]
            self.project.type("accept", change["case"], "--run", run, "--by", EDITOR, "--why", why)
        return f"a case accepted; adapter_v7: {self._judge('adapter_v7')}"

    # --- how it does it ---------------------------------------------------------------------------

    def taken(self) -> set[str]:
        """Return every input that is taught or judged."""
        sets = sorted((ROOT / "adapters" / "datasets").glob("outreach_*0*.jsonl"))
        files = [*sets, *sorted(self.project.folder.glob("benchmarks/*/cases.jsonl"))]
        lines = [line for file in files for line in file.read_text("utf-8").splitlines()]
        return {json.loads(line)["input"] for line in lines}

    def _known(self) -> list[str]:
        return self.project.set_file.read_text(encoding="utf-8").splitlines(keepends=True)

    def written(self) -> list[dict[str, Any]]:
        """Return the examples of the new voice that the team writes, each kind as often."""
        source = islice(fresh_inputs("new voice", self.taken()), 2 * NEW_EXAMPLES)
        cases = [in_new_voice(case) for case in source if case.kind in CHANGED][:NEW_EXAMPLES]
        return [
            {"input": one.input, "output": one.ideal, "slices": {"kind": one.kind}} for one in cases
        ]

    def _set(self, shipped: str, why: str) -> None:
        file = ROOT / "adapters" / "datasets" / shipped
        self._write(file.read_text(encoding="utf-8").splitlines(keepends=True), why)

    def _write(self, lines: list[str], why: str) -> None:
        """Write the training set and record its version, unless a stopped replay did."""
        text, file = "".join(lines), self.project.set_file
        before = file.exists() and file.read_text(encoding="utf-8") == text
        file.write_text(text, encoding="utf-8")
        ends = (0, 4) if before else (0,)
        self.project.type("data", "version", SET, "--by", EDITOR, "--why", why, ends=ends)

    def _version(self) -> int:
        log = self.project.datasets / f"{SET}.versions.jsonl"
        return len(log.read_text(encoding="utf-8").splitlines())

    def _judge(self, name: str) -> str:
        """Judge an adapter by the whole gate; return the outcome on the task."""
        return str(self._verdict(name)["outcome"])

    def _verdict(self, name: str) -> dict[str, Any]:
        said = self.project.type(
            "evaluate", name, "--no-finals", "--json", ends=(0, 1, 10)
        ).splitlines()
        verdicts = [json.loads(line) for line in said]
        return next(one for one in verdicts if one["task"])

    def _judged_and_put(self, name: str, why: str) -> str:
        """Judge an adapter, and promote it if the gate lets it through."""
        if not (self.project.folder / "adapters" / name).exists():
            self.project.bring(name)
        if self.project.answer("status")["tasks"][0]["promoted"] == name:
            return f"{name}: promoted before the replay was stopped"
        outcome = self._judge(name)
        if outcome != "promote":
            return f"{name}: {outcome}, not promoted"
        self.project.type("promote", name, "--by", LEAD, "--why", why)
        return f"{name}: promote, promoted"

    def _finals(self) -> list[dict[str, Any]]:
        """Return the plan's examples of the new voice, those that were edited first."""
        file = self.project.folder / "reports" / "plan-outreach" / "examples.jsonl"
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        kinds = (f"Write: {kind}\n" for kind in CHANGED)
        wanted = tuple(kinds)
        return [
            {"input": row["input"], "output": row["output"], "slices": {"kind": kind}}
            for row in rows
            if row["input"].startswith(wanted)
            for kind in [row["input"].partition("\n")[0].removeprefix("Write: ")]
        ]

    def _new_ideals(self, name: str) -> int:
        """Rewrite the ideals that the new adapter calls the old voice: a benchmark version."""
        file = self.project.folder / "ideals.jsonl"
        every = ("--count", "200")  # all that fell, so that no old ideal of a changed kind stays
        self.project.answer("reposition", "--adapter", name, "--output", file.name, *every)
        if not file.exists():
            return 0  # no ideal fell
        lines = []
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            kind = row["input"].partition("\n")[0].removeprefix("Write: ")
            if kind in CHANGED:
                old = [row["ideal"]] if isinstance(row["ideal"], str) else row["ideal"]
                new = [*dict.fromkeys(new_voice(row["input"], kind, text) for text in old)]
                row |= {"ideal": new[0] if len(new) == 1 else new, "rewritten": True}
            lines.append(json.dumps(row, ensure_ascii=False) + "\n")
        if not any(json.loads(line)["rewritten"] for line in lines):
            return 0
        file.write_text("".join(lines), encoding="utf-8")
        why = "the ideals speak the voice that the client asks for since June"
        found = self.project.answer(
            "reposition", "--rewritten", file.name, "--by", EDITOR, "--why", why
        )
        file.unlink()
        return len(found["rewritten"])


def _lines(rows: list[dict[str, Any]]) -> list[str]:
    return [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
