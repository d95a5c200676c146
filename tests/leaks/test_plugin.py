"""With `texts = false` pytest shows no word of anybody's text: terminal, JUnit, GitHub, hooks."""

from __future__ import annotations

from pathlib import Path

import pytest

import harness.plugin.session  # noqa: F401 - once, or pytester loads it in each inner run
from tests.fakes.project import TinyProject
from tests.leaks.conftest import Copy
from tests.leaks.planted import leaking, new_texts, settings

HOOKS = """
def pytest_harness_verdict(config, verdict, run):
    print(f"HOOK {verdict!r} {run!r}")

def pytest_harness_unjudged(config, adapter, benchmark, problem):
    print(f"HOOK {problem!r} {problem}")
"""


@pytest.fixture
def here(copied: Copy, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> TinyProject:
    """The planted project where pytest runs, on GitHub, with a plugin that prints all it hears."""
    made = copied(pytester.path)
    made.write("conftest.py", HOOKS)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(made.folder / "summary.md"))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(made.folder))
    return made


def everything(pytester: pytest.Pytester, project: TinyProject, *more: str) -> str:
    """What came out on any way."""
    before = set(project.folder.rglob("*"))
    ran = pytester.runpytest_inprocess(
        "-p", "no:hypothesispytest", "-p", "no:cacheprovider", "-rA", "-s", "--junitxml=junit.xml",
        "--harness-reports=elsewhere", *more,
    )  # fmt: skip
    files = new_texts(project.folder, before, (r".*\.pyc",))
    assert "junit.xml" in files
    return "\n".join([ran.stdout.str(), ran.stderr.str(), *files, *files.values()])


JUDGED = ("--model", "leaky", "--harness-benchmark", "openers")


@pytest.mark.long
@pytest.mark.parametrize("by", ["option", "settings"])
def test_nothing_of_a_verdict_leaks(pytester: pytest.Pytester, here: TinyProject, by: str) -> None:
    here.write("pyproject.toml", settings(by == "settings"))
    more = ["--harness-no-texts"] if by == "option" else []
    shown = everything(pytester, here, *JUDGED, *more)
    assert "HOOK Verdict" in shown and "REJECT" in shown and "::error" in shown
    assert "words that appeared: [text left out]" in shown
    assert leaking(shown) == []


@pytest.mark.long
def test_where_texts_may_be_shown_every_outlet_has_some(
    pytester: pytest.Pytester, here: TinyProject
) -> None:
    shown = everything(pytester, here, *JUDGED)
    assert {"zorvoutput", "zorvideal", "zorvinput", "zorvdemand"} <= set(leaking(shown))
    summary = Path("summary.md").read_text(encoding="utf-8")
    assert leaking(summary)


@pytest.mark.medium
@pytest.mark.parametrize("by", ["option", "settings", "neither"])
def test_nothing_of_an_error_leaks(pytester: pytest.Pytester, here: TinyProject, by: str) -> None:
    here.write_lines("recorded/torn/openers.jsonl", [{"case": "zorv 'x'", "output": "a"}] * 2)
    here.write_lines("recorded/torn/manners.jsonl", [{"case": "zorv 'x'", "output": "a"}] * 2)
    here.write("pyproject.toml", settings(by == "settings"))
    more = ["--harness-no-texts"] if by == "option" else []
    ran = pytester.runpytest_inprocess("-p", "no:hypothesispytest", "-s", "--model", "torn", *more)
    shown = ran.stdout.str() + ran.stderr.str()
    assert "HOOK DataError" in shown and "stands twice" in shown
    assert bool(leaking(shown)) == (by == "neither")
