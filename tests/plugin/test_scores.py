"""The scores of a case are shown where a pytest user looks: beside it, in a table, in JUnit."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from harness.text.table import display_width
from tests.fakes.project import BENCHMARK, CASES, TinyProject
from tests.plugin.conftest import Gate

ONLY = ("--model", "broken", "--harness-benchmark", "openers")
COLD = "\x1b["


@pytest.fixture
def long_names(project: TinyProject) -> TinyProject:
    """Cases with names of 70 signs, some of them two columns wide."""
    cases = [
        case | {"id": f"{'顧客' if n % 2 else 'customer'}-{'x' * 60}-{n}"}
        for n, case in enumerate(CASES)
    ]
    project.benchmark("openers", BENCHMARK, cases)
    project.record("long")
    for adapter in ("base", "good", "long"):
        project.write_lines(
            f"recorded/{adapter}/openers.jsonl",
            [{"case": c["id"], "output": c["ideal"], "ideal_nll": 0.2} for c in cases],
        )
    project.promote("good", pin=True)
    return project


@pytest.mark.long
def test_with_v_the_score_of_its_gate_stands_beside_each_case(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    result = gate("-v", *ONLY)
    result.stdout.fnmatch_lines(
        ["*::logistics-1?broken? PASSED ideal likelihood 0.*", "*::gate?broken? FAILED *%?"]
    )
    monkeypatch.setenv("COLUMNS", "75")
    narrow = gate("-v", *ONLY).outlines
    shown = next(line for line in narrow if "::logistics-1[broken] PASSED 0." in line)
    assert len(shown) <= 75, "the name of the metric goes first"


@pytest.mark.slow
def test_without_v_the_dots_are_pytests_own(gate: Gate) -> None:
    assert "PASSED" not in gate(*ONLY).stdout.str()


@pytest.mark.slow
def test_junit_has_every_score_of_a_case_as_a_property(gate: Gate, project: TinyProject) -> None:
    file = project.folder / "junit.xml"
    gate(*ONLY, "--junitxml", str(file))
    found = {
        case.attrib["name"]: {p.attrib["name"]: p.attrib["value"] for p in case.iter("property")}
        for case in ElementTree.fromstring(file.read_bytes()).iter("testcase")
    }
    scores = found["health-1[broken]"]
    assert {"harness_score_ideal_likelihood", "harness_score_edit_similarity"} <= set(scores)
    assert 0 <= float(scores["harness_score_edit_similarity"]) < 0.5
    assert found["gate[broken]"] == {"harness_outcome": "inconclusive"}


@pytest.mark.slow
def test_a_table_of_cases_and_metrics_comes_when_it_is_asked_for(gate: Gate) -> None:
    shown = gate("--harness-show", *ONLY).outlines
    begin = shown.index("scores of broken on openers")
    end = next(n for n, line in enumerate(shown) if line.startswith("mean of 8 cases"))
    assert "likelihood" in shown[begin + 2]
    names = [line.split()[0] for line in shown[begin + 3 : end]]
    assert names == [case["id"] for case in CASES]
    assert next(line for line in shown if line.startswith("health-1 ")).endswith("broke")
    assert "scores of" not in gate(*ONLY).stdout.str()


@pytest.mark.slow
@pytest.mark.parametrize("columns", [40, 60, 200])
def test_table_and_verdict_fit_the_terminal(
    gate: Gate, long_names: TinyProject, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    result = gate("--harness-show", "--model", "long", "--harness-benchmark", "openers")
    begin = result.outlines.index("scores of long on openers")
    end = next(n for n, line in enumerate(result.outlines) if "adapter gate" in line)
    rows = result.outlines[begin:end]
    assert len(rows) >= 8 + 3
    assert max(map(display_width, rows)) <= columns
    assert display_width(result.outlines[end]) == min(columns, 100)
    assert any("…" in row for row in rows)


@pytest.mark.long
def test_no_color_is_kept(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PY_COLORS", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert COLD in gate("-v", "--harness-show", *ONLY).stdout.str()
    monkeypatch.setenv("NO_COLOR", "1")
    assert COLD not in gate("-v", "--harness-show", *ONLY).stdout.str()


@pytest.mark.medium
def test_collecting_names_the_slices_of_each_case(gate: Gate, project: TinyProject) -> None:
    cases = [CASES[0] | {"critical": True, "slices": {"industry": "a\nb::c"}}, *CASES[1:]]
    project.benchmark("openers", BENCHMARK, cases)
    result = gate("--collect-only", *ONLY)
    listed = [line.strip() for line in result.outlines if "CaseItem" in line]
    assert listed[0].startswith("<CaseItem logistics-1[broken] industry=a")
    assert listed[0].endswith(" critical>")
    assert "::" not in listed[0]
    assert listed[1] == "<CaseItem logistics-2[broken] industry=logistics>"


@pytest.mark.slow
def test_workers_of_xdist_send_scores_and_write_for_the_terminal_of_their_session(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    result = gate("-n", "2", "-v", "--harness-show", *ONLY)
    result.stdout.fnmatch_lines(["*PASSED 0.* *::logistics-1*", "scores of broken on openers"])
    *_, head = (line for line in result.outlines if line.startswith("═") and "gate" in line)
    assert display_width(head) == 60
