"""Scores and verdicts on the terminal: beside each case with `-v`, as a table, at the end.

Tested in tests/plugin/test_scores.py.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

import pytest

from harness.flows.evaluation.candidate import Evaluation
from harness.flows.github import Reported
from harness.plugin.items import KEYWORD, SCORE
from harness.plugin.outcome import GateResult
from harness.progress import WIDEST, terminal_width
from harness.render import verdict_text
from harness.render.case_scores import CaseScores, CaseScoreTable, score_table, score_table_text
from harness.stopping import GO_ON
from harness.text.figures import metric_title, score
from harness.text.table import display_width

TERMINAL = "harness_terminal"
_PERCENT = " [100%]"
"""What pytest writes at the end of the line of an item."""


class SessionTerminal(NamedTuple):
    """The terminal of the session; a worker of xdist writes for that of its controller."""

    width: int
    colour: bool


class SessionScreen:
    """The terminal of a session, asked by pytest what to write there."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._stopped = False

    @property
    def screen(self) -> SessionTerminal:
        """The width and whether colours are wanted, as pytest decides it (NO_COLOR, --color)."""
        sent = getattr(self._config, "workerinput", {}).get(TERMINAL)
        if sent:
            return SessionTerminal(*sent)
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        width = min(WIDEST, terminal_width(sys.stdout))
        return SessionTerminal(width, bool(reporter and reporter.hasmarkup))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of xdist for which terminal it writes."""
        node.workerinput[TERMINAL] = tuple(self.screen)

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self, report: Any) -> Iterator[Any]:
        """Put the first score of a case, which is its gate's, behind the word that `-v` writes."""
        found = yield
        scores = (pair for pair in report.user_properties if pair[0].startswith(SCORE))
        first = next(scores, None)
        if KEYWORD not in report.keywords or report.when != "call" or first is None or not found:
            return found
        category, letter, word = found
        said, *more = word if isinstance(word, tuple) else (word,)
        value = score(first[1])
        named = f"{said} {metric_title(first[0].removeprefix(SCORE))} {value}"
        room = self.screen.width - len(_PERCENT) - display_width(report.nodeid)
        shown = named if display_width(named) < room else f"{said} {value}"
        return category, letter, (shown, *more) if more else shown

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note that a signal ended the session, not `pytest.exit`, which says its own line."""
        self._stopped = excinfo.errisinstance(KeyboardInterrupt)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Say how to go on, when all is closed; a signal may come before pytest has a terminal."""
        if self._stopped and not hasattr(self._config, "workerinput"):
            reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
            write = reporter.write_line if reporter else partial(print, file=sys.stderr)
            write(GO_ON)

    def result(self, evaluation: Evaluation, reported: Reported) -> GateResult:
        """Return a verdict as it is written at the end, with the scores if they are asked for."""
        verdict, screen = evaluation.verdict, self.screen
        text = verdict_text(
            verdict,
            width=screen.width,
            colour=screen.colour,
            promoted_at=evaluation.promoted_at,
            overridden=evaluation.overridden,
            made_again=evaluation.made_again,
            report=reported.page,
        )
        scores: tuple[Any, ...] = ()
        if self._config.option.harness_show:
            metrics, rows = score_table(evaluation.run, verdict)
            scores = (metrics, tuple(map(tuple, rows)))
        pair = (verdict.candidate, verdict.benchmark)
        return GateResult(*pair, verdict.outcome, text, None, tuple(reported), scores)

    def write_results(self, reporter: Any, results: Iterable[GateResult]) -> None:
        """Write the verdicts by adapter and benchmark, each behind the scores asked for."""
        for result in sorted(results, key=lambda one: (one.adapter, one.benchmark)):
            on = f"{result.adapter} on {result.benchmark}"
            if result.scores:
                metrics, rows = result.scores
                found = CaseScoreTable(metrics, tuple(CaseScores(*row) for row in rows))
                reporter.write_line(f"scores of {on}")
                reporter.write_line(score_table_text(found, self.screen.width))
            if self._config.option.verbose < 0 and result.outcome:
                reporter.write_line(f"{result.outcome}  {on}")
            elif result.outcome:
                reporter.write_line(result.text)
            else:
                reporter.write_line(f"could not judge {on}: {result.text}")
