"""With `texts = false`, log lines, tracebacks and causes hold no word of anybody's text."""

from __future__ import annotations

import pytest

import harness.plugin.session  # noqa: F401 - once, or pytester loads it in each inner run
from tests.cli.conftest import Type
from tests.fakes.project import TinyProject
from tests.leaks.conftest import Copy
from tests.leaks.planted import leaking, settings

REFUSED = (
    ("judge", "scores.csv"),
    ("benchmark", "import", "bad-cases.csv", "--name", "other"),
    ("reviews", "import", "headless.csv"),
    ("evaluate", "torn"),
)
"""Commands whose error, or a cause behind it, quotes a text."""


def tear(project: TinyProject) -> None:
    rows = [{"case": "zorv 'x'", "output": "a"}] * 2
    for benchmark in ("openers", "manners"):
        project.write_lines(f"recorded/torn/{benchmark}.jsonl", rows)


@pytest.mark.parametrize("words", REFUSED, ids=[" ".join(words) for words in REFUSED])
def test_no_traceback_shows_a_text(
    planted: TinyProject, typed: Type, words: tuple[str, ...]
) -> None:
    tear(planted)
    asked = (*words, "-vv", "--traceback")
    planted.write("pyproject.toml", settings(shut=False))
    shown = typed(*asked)
    assert leaking(shown.out + shown.err), "the words are planted where this command finds them"
    planted.write("pyproject.toml", settings(shut=True))
    shut = typed(*asked)
    assert leaking(shut.out + shut.err) == []
    assert shut.code == shown.code
    traced = "Traceback" in shown.err  # what a command refuses row by row is no exception
    assert ("messages of exceptions are not shown" in shut.err) == traced


@pytest.mark.medium
@pytest.mark.parametrize("shut", [False, True], ids=["open", "shut"])
def test_pytest_shows_no_text_in_causes_and_log_lines(
    copied: Copy, pytester: pytest.Pytester, shut: bool
) -> None:
    project = copied(pytester.path)
    tear(project)
    project.write("pyproject.toml", settings(shut))
    words = ("--model", "torn", "--model", "leaky", "-vv", "--log-cli-level=DEBUG")
    ran = pytester.runpytest_inprocess("-p", "no:hypothesispytest", *words)
    assert bool(leaking(ran.stdout.str() + ran.stderr.str())) != shut
