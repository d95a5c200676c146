"""In pytest, log lines go through pytest's own logging, and -vv shows the causes of an error."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from tests.fakes.project import TinyProject
from tests.plugin.conftest import Gate

SHUT = "\n[tool.harness.privacy]\ntexts = false\n"
FAILING = """
import logging
import harness.flows.evaluation.backends as backends
from harness.errors import EngineFailed


def pytest_configure(config):
    real = backends.RecordedBackend.engine

    def engine(self, benchmark, adapter):
        if adapter.name == "same":
            logging.getLogger("harness.engines.fake").info("%s starts", "same")
            try:
                raise OSError("Dear Ana, no memory")
            except OSError as problem:
                raise EngineFailed("the machine broke") from problem
        return real(self, benchmark, adapter)

    backends.RecordedBackend.engine = engine
"""
CAUSE = "caused by OSError: Dear Ana, no memory (*conftest.py:*)"


@pytest.fixture
def failing(gate: Gate, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """The engine of `same` breaks, and says why in a cause."""
    import harness.flows.evaluation.backends as backends

    monkeypatch.setattr(backends.RecordedBackend, "engine", backends.RecordedBackend.engine)
    pytester.makeconftest(FAILING)
    return gate


@pytest.mark.medium
def test_vv_shows_the_causes_in_the_item_and_at_the_end(failing: Gate) -> None:
    result = failing("--model", "same", "-vv", "--junitxml=junit.xml")
    assert result.ret == 11
    lines = [line for line in result.outlines if line.startswith("caused by OSError")]
    assert len(lines) == 2 + 2  # the first item of each benchmark, and each benchmark at the end
    result.stdout.fnmatch_lines(["could not judge same on openers: the machine broke", CAUSE])


@pytest.mark.medium
@pytest.mark.parametrize("more", [(), ("-v",)], ids=["plain", "-v"])
def test_without_vv_there_is_the_line_alone(failing: Gate, more: tuple[str, ...]) -> None:
    result = failing("--model", "same", *more)
    result.stdout.fnmatch_lines(["could not judge same on openers: the machine broke"])
    result.stdout.no_fnmatch_line("*caused by*")


@pytest.mark.medium
def test_a_refusal_has_its_causes_too(gate: Gate, project: TinyProject) -> None:
    project.write("recorded/torn/openers.jsonl", "{no json")
    words = ("--model", "torn", "--harness-benchmark", "openers")
    plain, more = gate(*words), gate(*words, "-vv")
    assert plain.ret == more.ret == 4
    assert "caused by" not in plain.stderr.str()
    assert "caused by " in more.stderr.str()


@pytest.mark.slow
def test_log_lines_are_pytests_own(failing: Gate) -> None:
    result = failing("--model", "same", "--log-cli-level=INFO")
    result.stdout.fnmatch_lines(["*INFO*harness.engines.fake*same starts*"])
    assert "same starts" not in failing("--model", "same").stdout.str()


WARNING = "the store waits for pid 7, psql"


@pytest.mark.medium
@pytest.mark.parametrize("more", [(), ("-W", "error"), ("-n", "1")], ids=" ".join)
def test_a_warning_stands_in_pytests_summary_of_warnings_and_ends_no_gate(
    gate: Gate, pytester: pytest.Pytester, more: tuple[str, ...]
) -> None:
    told = "import logging\n\ndef pytest_collection_finish():\n"
    told += f'    logging.getLogger("harness.store").warning("{WARNING}")\n'
    pytester.makeconftest(told)
    result = gate("--model", "same", *more)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*warnings summary*", f"*UserWarning: {WARNING}"])
    assert WARNING not in result.stderr.str()


@pytest.mark.medium
@pytest.mark.parametrize("by", ["option", "settings"])
def test_without_texts_neither_shows_a_message(
    failing: Gate, project: TinyProject, by: str
) -> None:
    project.settings(SHUT if by == "settings" else "")
    more = ["--harness-no-texts"] if by == "option" else []
    result = failing("--model", "same", "-vv", "--log-cli-level=DEBUG", *more)
    shown = result.stdout.str() + result.stderr.str()
    result.stdout.fnmatch_lines(["caused by OSError (*conftest.py:*)"])
    assert "harness.engines.fake" in shown
    assert "Dear Ana" not in shown


@pytest.mark.slow
def test_afterwards_the_loggers_are_as_they_were(failing: Gate) -> None:
    logger = logging.getLogger("harness")
    before = (logger.propagate, list(logger.handlers), logger.level)
    failing("--model", "same")
    assert failing("--model", "same", "--harness-benchmark", "nosuch").ret == 4
    assert (logger.propagate, list(logger.handlers), logger.level) == before


@pytest.mark.medium
def test_a_library_of_ours_prints_nothing_by_itself() -> None:
    script = (
        "import logging, harness.engines, harness.flows, harness.measure, harness.workspace\n"
        "for name in ('engines.x', 'flows.y.z', 'measure.scoring', 'workspace.base'):\n"
        "    logging.getLogger(f'harness.{name}').error('printed')"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""
