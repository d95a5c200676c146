"""The test items: one for each case, and a gate item at the end of each benchmark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import HarnessError
from harness.flows.project import said
from harness.records import Case, CaseResult, slice_names
from harness.render import verdict_text
from harness.render.case_scores import ordered_metrics
from harness.text.safe import ci_log

if TYPE_CHECKING:
    from harness.flows.evaluation.candidate import Evaluation
    from harness.plugin.session import Gate

GATE = "gate"
SCORE = "harness_score_"
"""The prefix of the properties that hold the scores of a case, by metric."""
KEYWORD = "lora-harness"
"""Marks the reports of our items, which are all that a controller of xdist sees of them."""


class Failed(Exception):
    """The failure of a case or gate item: a line for the terminal, the whole text for JUnit."""

    def __init__(self, line: str, text: str) -> None:
        super().__init__(line)
        self.line = line
        self.text = text


@dataclass
class _Crash:
    """What pytest reads for its short summary."""

    message: str
    path: str
    lineno: int


class PlainFailure:
    """A failure without a traceback."""

    def __init__(self, line: str, text: str, path: str, lineno: int) -> None:
        self.reprcrash = _Crash(line, path, lineno)
        self.text = text

    def __str__(self) -> str:
        return self.text

    def toterminal(self, tw: Any) -> None:
        """Write the failure; of a verdict one line, since the end of the session shows it whole."""
        whole = self.text.startswith("═")
        tw.line(self.reprcrash.message if whole else self.text, red=True)


class BenchmarkFile(pytest.File):
    """`cases.jsonl` of one benchmark."""

    def __init__(self, *, gate: Gate, benchmark: str, **rest: Any) -> None:
        super().__init__(**rest)
        self.gate = gate
        self.benchmark = benchmark

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the cases of each adapter, then its gate."""
        benchmark = self.gate.project.benchmarks[self.benchmark]
        for adapter in self.gate.adapters_of(self.benchmark):
            for kind, cases in ((CaseItem, benchmark.cases), (ReserveItem, benchmark.reserve)):
                for case in cases:
                    yield kind.from_parent(
                        self, **self._named(ci_log(case.id), adapter), adapter=adapter, case=case
                    )
            yield GateItem.from_parent(self, **self._named(GATE, adapter), adapter=adapter)

    def _named(self, what: str, adapter: str) -> dict[str, str]:
        # With its id given, pytest reads the brackets as it later reads them in its cache.
        name = f"{what}[{adapter}]"
        return {"name": name, "nodeid": f"{self.nodeid}::{name}"}


class HarnessItem(pytest.Item):
    """The base of case and gate items."""

    parent: BenchmarkFile

    def __init__(self, *, adapter: str, **rest: Any) -> None:
        super().__init__(**rest)
        self.adapter = adapter
        self.benchmark = self.parent.benchmark
        self.keywords[KEYWORD] = True
        group = f"{adapter}-{self.benchmark}"
        if self.config.pluginmanager.has_plugin("xdist"):
            self.add_marker(pytest.mark.xdist_group(group))

    @property
    def wants(self) -> set[str]:
        """The ids of the cases that it needs outputs for."""
        return set()

    def evaluation(self) -> Evaluation:
        """Return the run and the verdict; fail with the error if there are none."""
        gate = self.parent.gate
        found = gate.evaluation(self.adapter, self.benchmark)
        if isinstance(found, HarnessError):
            pair = (self.adapter, self.benchmark)
            if pair in gate.told:
                line = "could not be judged: the first of these items says why"
                raise Failed(line, line)
            gate.told.add(pair)
            line = ci_log(said(found, gate.request.texts))
            causes = gate.causes[pair]
            raise Failed(f"could not be judged: {line}", "\n".join([line, *causes]))
        return found

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """Return a line in place of a traceback for failures of ours."""
        problem = excinfo.value
        if isinstance(problem, Failed):
            return PlainFailure(problem.line, problem.text, str(self.path), 0)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return the benchmark's file, so that editors and CI can jump there."""
        return self.path, 0, self.name


class CaseItem(HarnessItem):
    """An item that fails if a `must` check failed, a critical case broke, or scores are missing.

    It is skipped where an adapter has seen the case in training, since the verdict leaves it out.
    """

    def __init__(self, *, case: Case, **rest: Any) -> None:
        super().__init__(**rest)
        self.case = case

    @property
    def wants(self) -> set[str]:
        """The id of its case."""
        return {self.case.id}

    def __repr__(self) -> str:
        """Return what `--collect-only` lists: the name, then the slices."""
        slices = slice_names(self.case.slices)
        said = [self.name, *slices, *(["critical"] if self.case.critical else [])]
        return f"<{self.__class__.__name__} {ci_log(' '.join(said))}>"

    def _results(self, found: Evaluation) -> tuple[CaseResult, ...]:
        return found.run.results

    def _tell_scores(self, result: CaseResult, found: Evaluation) -> None:
        """Leave the scores to the reports: JUnit has them as properties; a missing one has none."""
        for name in ordered_metrics(result, found.verdict):
            value = result.scores[name]
            if value is not None:
                self.user_properties.append((SCORE + name, round(value, 6)))

    def runtest(self) -> None:
        """Fail for the reasons that the case's result gives."""
        found = self.evaluation()
        if self.case.id in found.verdict.left_out:
            pytest.skip(ci_log(f"left out, it is {found.verdict.left_out[self.case.id]}"))
        result = next((r for r in self._results(found) if r.case.id == self.case.id), None)
        if result is not None:
            self._tell_scores(result, found)
        reasons = list(_reasons(self.case, result, found))
        if not reasons and result is not None and result.failed_musts:
            failed = ", ".join(check.name for check in result.failed_musts)
            reference = found.verdict.promoted or "the base"
            pytest.xfail(ci_log(f"must check {failed} failed, as it does with {reference}"))
        if reasons:
            texts = _texts(result) if result else []
            text = "\n".join([*reasons, *texts])
            raise Failed(ci_log(reasons[0]), ci_log(text, lines=True))


def _texts(result: CaseResult) -> list[str]:
    written = "(it never ended its thinking)" if result.unended else result.text
    return [f"ideal   {result.case.ideals[0]}", f"output  {written}"]


class ReserveItem(CaseItem):
    """A case of the reserve: skipped unless the verdict was open and took it."""

    @property
    def wants(self) -> set[str]:
        """No case: the verdict asks for reserve cases by itself."""
        return set()

    def runtest(self) -> None:
        """Skip an unused case; fail for the same reasons as a case of the benchmark."""
        found = self.evaluation()
        if not any(result.case.id == self.case.id for result in self._results(found)):
            pytest.skip("reserve not needed")
        super().runtest()

    def _results(self, found: Evaluation) -> tuple[CaseResult, ...]:
        return () if found.reserve is None else found.reserve.results


def _reasons(case: Case, result: CaseResult | None, found: Evaluation) -> Iterator[str]:
    verdict = found.verdict
    if result is None or not result.outputs:
        yield "could not be scored: there is no output"
        return
    for check in result.failed_musts:
        # What the reference fails as well is no fault of this adapter, and decides nothing.
        if (case.id, check.name) not in found.excused:
            yield f"must check {check.name} failed: {check.message}"
    gates = [rule.name for rule in verdict.metrics if rule.role == "gate"]
    for name in dict.fromkeys(gates):
        if result.scores.get(name) is None:
            yield f"could not be scored on {name}"
    if any(c.case == case.id and c.critical and not c.accepted for c in verdict.broken):
        yield f"critical case broke: it was right with {verdict.promoted or 'the base'}"


class GateItem(HarnessItem):
    """An item that fails unless the verdict is promote."""

    def runtest(self) -> None:
        """Fail with the verdict unless it is promote."""
        verdict = self.evaluation().verdict
        self.user_properties.append(("harness_outcome", verdict.outcome))
        if verdict.outcome != "promote":
            reason = verdict.reasons[0] if verdict.reasons else "see the verdict"
            line = f"{verdict.outcome.upper()} {self.adapter}: {reason}"
            raise Failed(ci_log(line), verdict_text(verdict))
