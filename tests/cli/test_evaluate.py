"""`evaluate`, `compare` and `doctor`: in words and in JSON, with the same codes as pytest."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Type
from tests.fakes.project import TinyProject

VERDICT = {
    "outcome", "task", "benchmark", "candidate", "promoted", "pinned", "n", "reasons", "metrics",
    "slices", "broken", "fixed", "advice", "certifiable_margin",
}  # fmt: skip


@pytest.mark.medium
@pytest.mark.parametrize(("name", "code"), [("same", 0), ("bad", 1), ("broken", 10), ("good", 0)])
def test_the_gravest_verdict_is_the_exit_code(
    project: TinyProject, typed: Type, name: str, code: int
) -> None:
    found = typed("evaluate", name)
    assert found.code == code
    assert found.out.count(" adapter gate ") == 2
    assert found.err == ""  # progress is for terminals


@pytest.mark.medium
def test_json_is_one_line_per_benchmark_with_the_promised_keys(
    project: TinyProject, typed: Type
) -> None:
    found = typed("evaluate", "bad", "--json")
    assert found.code == 1
    verdicts = [json.loads(line) for line in found.out.splitlines()]
    assert [verdict["benchmark"] for verdict in verdicts] == ["openers", "manners"]
    for verdict in verdicts:
        assert set(verdict) >= VERDICT
    first = verdicts[0]
    assert (first["task"], first["candidate"], first["promoted"]) == ("openers", "bad", "good")
    assert first["n"] == 8
    assert len(first["broken"]) == 8
    assert first["reasons"]


@pytest.mark.slow
def test_what_fine_tuning_was_worth_can_be_left_out(project: TinyProject, typed: Type) -> None:
    asked = typed("evaluate", "same", "--benchmark", "openers", "--json").json
    assert {worth["against"] for worth in asked["worth"]} == {"base"}
    assert asked["forgetting"][0]["benchmark"] == "manners"
    unasked = typed("evaluate", "same", "--benchmark", "openers", "--no-baselines", "--json").json
    assert (unasked["worth"], unasked["outcome"]) == ([], asked["outcome"])


@pytest.mark.medium
def test_options_reach_the_flow(project: TinyProject, typed: Type) -> None:
    found = typed(
        *("evaluate", "same", "--benchmark", "openers", "--against", "same", "--json"),
        *("--store", "sqlite:///other.db", "--reports", "other", "--engine", "recorded"),
    )
    assert found.code == 0
    assert found.json["promoted"] == "same"
    assert found.json["identical"] is True
    assert (project.folder / "other.db").is_file()
    assert (project.folder / "other").is_dir()


@pytest.mark.parametrize("samples", ["0", "65", "x"])
def test_samples_have_limits(project: TinyProject, typed: Type, samples: str) -> None:
    assert typed("evaluate", "good", "--samples", samples).code == 4


def test_an_engine_that_breaks_is_11(
    project: TinyProject, typed: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.engines.recorded import Recorded

    def breaks(*_: object) -> object:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(Recorded, "generate", breaks)
    found = typed("evaluate", "good", "--json")
    assert found.code == 11
    assert "out of memory" in found.json["error"]


# --- compare ------------------------------------------------------------------------------------


@pytest.mark.medium
def test_two_adapters_side_by_side(project: TinyProject, typed: Type) -> None:
    found = typed("compare", "good", "same")
    assert found.code == 0
    assert "good → same" in found.out
    assert "[-teams?-]" in found.out
    as_json = typed("compare", "good", "same", "--json").json
    assert set(as_json) >= {"a", "b", "benchmark", "metrics", "cases"}
    assert (as_json["a"], as_json["b"], len(as_json["cases"])) == ("good", "same", 8)


def test_a_guard_can_be_compared_too(project: TinyProject, typed: Type) -> None:
    found = typed("compare", "good", "base", "--benchmark", "manners", "--json")
    assert (found.code, len(found.json["cases"])) == (0, 5)


# --- doctor -------------------------------------------------------------------------------------


def test_a_sick_adapter_is_refused_with_a_line_for_each_look(
    project: TinyProject, typed: Type
) -> None:
    adapter = project.adapter("sick")
    for key in [key for key in adapter.tensors if "lora_B" in key]:
        adapter.tensors[key] = adapter.tensors[key] * 0
    adapter.write()
    found = typed("doctor", "sick")
    assert found.code == 4
    assert "every lora_B is zero" in " ".join(found.out.split())
    as_json = typed("doctor", "sick", "--json")
    assert as_json.code == 4
    assert set(as_json.json) == {"ok", "checks"}
    assert as_json.json["ok"] is False
    assert all(set(check) == {"name", "ok", "message"} for check in as_json.json["checks"])
    assert [check["ok"] for check in as_json.json["checks"]].count(False) == 1


def test_the_base_is_sound(project: TinyProject, typed: Type) -> None:
    found = typed("doctor", "base", "--json")
    assert (found.code, found.json["ok"]) == (0, True)
