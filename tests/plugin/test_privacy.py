"""In pytest's own outlets, items and JUnit files, nothing stands that the project does not show."""

from __future__ import annotations

import pytest

from tests.fakes.project import BENCHMARK, CASES, TinyProject
from tests.plugin.conftest import Gate

WRITTEN = "Dear eva.elm@example.com, about ACME-4711"
MASKED = '\n[tool.harness.privacy]\nredact = ["email", "/ACME-[0-9]+/"]\n'


@pytest.fixture
def leaky(project: TinyProject) -> TinyProject:
    """Every case item of `leaky` fails, and so shows its texts."""
    cases = [case | {"checks": {"contains": ["never ACME-4711"]}} for case in CASES]
    project.benchmark("openers", BENCHMARK, cases)
    kept = {case["id"]: f"{case['ideal']} never ACME-4711" for case in cases}
    project.record("good", texts=kept)
    project.promote("good", pin=True)
    project.record("leaky", quality="bad", texts={case["id"]: WRITTEN for case in cases})
    return project


def shown(gate: Gate, leaky: TinyProject, *more: str) -> str:
    file = leaky.folder / "junit.xml"
    result = gate("--model", "leaky", "--harness-benchmark", "openers", "--junitxml", str(file),
                  "-rA", *more)  # fmt: skip
    assert result.ret == 1
    result.assert_outcomes(failed=9)
    return result.stdout.str() + result.stderr.str() + file.read_text()


@pytest.mark.slow
def test_items_blocks_and_junit_show_what_is_listed_as_marks(
    gate: Gate, leaky: TinyProject
) -> None:
    leaky.settings(MASKED)
    text = shown(gate, leaky)
    assert "Dear [email], about [redacted]" in text
    assert "eva.elm" not in text and "ACME-4711" not in text


@pytest.mark.slow
@pytest.mark.parametrize("by", ["option", "settings"])
def test_without_texts_items_fail_with_figures_and_ids(
    gate: Gate, leaky: TinyProject, by: str
) -> None:
    leaky.settings("" if by == "option" else "\n[tool.harness.privacy]\ntexts = false\n")
    text = shown(gate, leaky, *(["--harness-no-texts"] if by == "option" else []))
    assert "[text left out]" in text and "logistics-1" in text
    assert "Dear" not in text and "never ACME" not in text
    assert all(case["ideal"] not in text and case["input"] not in text for case in CASES)


def test_an_error_line_is_masked_too(gate: Gate, leaky: TinyProject) -> None:
    leaky.settings(MASKED)
    result = gate("--model", "ACME-4711/ACME-4712")
    assert result.ret == 4
    assert "ACME-4711" not in result.stderr.str().replace("--model", "")
