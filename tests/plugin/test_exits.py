"""Exit codes of `pytest --model`: 0 promote, 1 reject, 10 inconclusive, 11 could not judge."""

from __future__ import annotations

import pytest

from tests.fakes.project import BENCHMARK, CASES, TinyProject
from tests.plugin.conftest import Gate

VERDICTS = {"same": 0, "bad": 1, "broken": 10}

FAILING = """
import harness.flows.evaluation.backends
from harness.engines.recorded import Recorded
from harness.errors import EngineFailed

class Failing(Recorded):
    def generate(self, adapter, prompts, generation):
        raise {error}

real = harness.flows.evaluation.backends.RecordedBackend.engine

def engine(self, benchmark, adapter):
    found = real(self, benchmark, adapter)
    if adapter.name == "same":
        found.__class__ = Failing
    return found

harness.flows.evaluation.backends.RecordedBackend.engine = engine
"""

CHECKING = """
import signal
from harness.plugin.session import Gate

Gate.check = lambda gate: signal.raise_signal(signal.SIGTERM)
Gate.pytest_unconfigure = lambda gate: print("closed")
"""
COLLECTING = """
import signal

def pytest_collection_modifyitems():
    signal.raise_signal(signal.SIGTERM)
"""


@pytest.mark.slow
@pytest.mark.parametrize("stop", [(), ("-x",)], ids=["plain", "-x"])
@pytest.mark.parametrize(("adapter", "code"), VERDICTS.items())
def test_the_verdict_is_the_exit_code(
    gate: Gate, adapter: str, code: int, stop: tuple[str, ...]
) -> None:
    result = gate("--model", adapter, *stop)
    assert result.ret == code
    failed = result.parseoutcomes().get("failed", 0)
    assert failed == (0 if code == 0 else 1)  # the gate of the task; its cases can be used


@pytest.mark.slow
def test_the_verdict_is_told_in_words(gate: Gate) -> None:
    result = gate("--model", "bad")
    result.stdout.fnmatch_lines(
        [
            "REJECT bad: 8 of 8 cases collapsed*",
            "*═ adapter gate ═*",
            "REJECT  bad*task openers*8 cases*",
            "*against good (promoted 1 Jan 2026)*",
            "FAILED benchmarks/openers/cases.jsonl::gate?bad? - REJECT bad*",
        ]
    )


@pytest.mark.long
def test_quiet_tells_one_line_per_verdict(gate: Gate) -> None:
    result = gate("--model", "same", "-q")
    result.stdout.fnmatch_lines(["promote  same on manners", "promote  same on openers"])
    result.stdout.no_fnmatch_line("*═*")


@pytest.mark.slow
def test_without_a_terminal_plugin_the_code_is_the_same(gate: Gate) -> None:
    assert gate("--model", "bad", "-p", "no:terminal").ret == 1


@pytest.mark.long
def test_the_promoted_adapter_against_itself_is_identical(gate: Gate) -> None:
    result = gate("--model", "good")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["PROMOTE  good*", "*identical*"])


@pytest.mark.long
def test_the_first_adapter_of_a_task_is_judged_against_the_base(
    gate: Gate, pytester: pytest.Pytester
) -> None:
    result = gate("--model", "good", "--harness-store", "sqlite:///reports/new.db")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["PROMOTE  good*", "*against base (nothing is promoted yet)*"])
    assert gate("--model", "base", "--harness-store", "sqlite:///reports/new.db").ret == 10


@pytest.mark.long
def test_another_reference_can_be_named(gate: Gate) -> None:
    result = gate("--model", "same", "--harness-against", "bad")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*against bad (promoted)*"])


@pytest.mark.slow
def test_a_rejecting_guard_rejects(gate: Gate, project: TinyProject) -> None:
    project.record("same", quality="same", guard="bad")
    result = gate("--model", "same", "--harness-benchmark", "openers")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*guard benchmark manners rejects*"])


@pytest.mark.slow
def test_a_must_check_that_fails_fails_its_case(gate: Gate, project: TinyProject) -> None:
    checked = CASES[0] | {"checks": {"excludes": {"value": ["groups"], "level": "must"}}}
    project.benchmark("openers", BENCHMARK, [checked, *CASES[1:]])
    result = gate("--model", "same")
    assert result.ret == 1
    result.assert_outcomes(failed=2, passed=13)
    result.stdout.fnmatch_lines(
        [
            "| must check excludes failed: contains *groups*",
            "| ideal   Hi Ana, how does Delta Freight plan its week with 1 teams?",
            "| output  Hi Ana, how does Delta Freight plan its week with 1 groups?",
            "REJECT same: logistics-1 (excludes): must hold*",
        ]
    )


@pytest.mark.slow
def test_a_broken_critical_case_fails_its_case_and_the_gate(
    gate: Gate, project: TinyProject
) -> None:
    cases = [case | {"critical": case["id"] == "health-1"} for case in CASES]
    project.benchmark("openers", BENCHMARK, cases)
    result = gate("--model", "broken")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "| critical case broke: it was right with good",
            "FAILED *health-1?broken?*",
            "FAILED *gate?broken?*",
        ]
    )
    result.assert_outcomes(failed=2, passed=13)


@pytest.mark.slow
@pytest.mark.parametrize(
    "error", ["EngineFailed('the machine broke')", "RuntimeError('out of memory')"]
)
def test_an_engine_that_breaks_is_not_a_rejection(
    gate: Gate, pytester: pytest.Pytester, error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import harness.flows.evaluation.backends as opening

    monkeypatch.setattr(opening.RecordedBackend, "engine", opening.RecordedBackend.engine)
    pytester.makeconftest(FAILING.format(error=error))
    result = gate("--model", "same")
    assert result.ret == 11
    result.stdout.fnmatch_lines(["could not judge same on openers: *", "*- could not be judged: *"])
    result.stdout.no_fnmatch_line("*Traceback*")
    assert result.parseoutcomes() == {"failed": 15}


@pytest.mark.slow
@pytest.mark.parametrize(("when", "shown"), [(CHECKING, "closed"), (COLLECTING, "collected *")])
def test_a_signal_before_the_first_item_closes_all_and_says_how_to_go_on(
    gate: Gate, pytester: pytest.Pytester, when: str, shown: str
) -> None:
    pytester.makeconftest(when)
    result = pytester.runpytest_subprocess("--model", "same", timeout=60)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines([shown])
    said = [*result.outlines, *result.errlines]
    assert "stopped; run the same command again to go on" in said
    assert not [line for line in said if "Traceback" in line]


@pytest.mark.parametrize("store", ["sqlite:////proc/nowhere/x.db", "sqlite:///broken.db"])
def test_a_store_that_cannot_be_opened_is_not_a_rejection(
    gate: Gate, project: TinyProject, store: str
) -> None:
    project.write("broken.db", "this is no database" * 100)
    result = gate("--model", "same", "--harness-store", store)
    assert result.ret == 11
    said = [line for line in result.outlines + result.errlines if line.strip()]
    assert len(said) == 1
    assert said[0].startswith("Exit: ")


@pytest.mark.medium
def test_reports_that_cannot_be_written_are_not_a_rejection(
    gate: Gate, project: TinyProject
) -> None:
    project.write("taken", "a file")
    result = gate(
        *("--model", "same", "--harness-reports", "taken"),
        *("--harness-store", "sqlite:///elsewhere.db"),
    )
    assert result.ret == 11
    result.stdout.fnmatch_lines(["could not judge same on openers: *taken*cannot be written*"])


@pytest.mark.long
def test_refresh_makes_the_run_again_and_keeps_the_first(gate: Gate, project: TinyProject) -> None:
    def runs() -> int:
        store = project.store()
        try:
            return sum("_same_openers_" in identity for identity in store.runs.ids())
        finally:
            store.close()

    gate("--model", "same", "-q")
    gate("--model", "same", "-q")
    assert runs() == 1
    assert gate("--model", "same", "-q", "--harness-refresh").ret == 0
    assert runs() == 2


@pytest.mark.slow
def test_samples_are_asked_for_by_number(gate: Gate, project: TinyProject) -> None:
    for name in ("good", "same"):
        for benchmark in ("openers", "manners"):
            file = project.folder / "recorded" / name / f"{benchmark}.jsonl"
            one = file.read_text()
            file.write_text(one + one.replace('{"case"', '{"sample": 1, "case"'))
    project.promote("good", pin=True)
    result = gate("--model", "same", "--harness-samples", "2")
    assert result.ret == 0
    store = project.store()
    found = store.runs.newest("same", "openers")
    store.close()
    assert found is not None
    assert {len(case.outputs) for case in found.results} == {2}
    assert {case.scores["consistency"] for case in found.results} == {1.0}


@pytest.mark.long
def test_a_broken_case_that_a_person_accepted_no_longer_holds_up(
    gate: Gate, project: TinyProject
) -> None:
    from harness.flows.decisions.promote import accept

    assert gate("--model", "broken", "-q").ret == 10
    store = project.store()
    run = next(identity for identity in store.runs.ids() if "_broken_openers_" in identity)
    store.close()
    accept(project.project, "health-1", run, by="Ana", why="it may be formal")
    result = gate("--model", "broken")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["PROMOTE*broken*", "*accepted*Ana*"])
