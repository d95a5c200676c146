"""A repositioning: the set, its versions and the marked day agree, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError, RequestError
from harness.flows.training import repositioning
from harness.flows.training.data_versions import lines_at, make_version, versions
from harness.flows.training.repositioning import Repositioned, RepositionRequest, reposition
from harness.workspace.project.training_data import read_training_set
from harness.workspace.project.voice_days import read_voice_days
from tests.fakes.project import CASES, TASK, TinyProject

VOICE = "adapters/datasets/voice.jsonl"
OLD = [{"input": f"old {n}", "output": f"Dear person {n}"} for n in range(24)]
NEW = [{"input": f"new {n}", "output": f"Hey {n}!"} for n in range(5)]


@pytest.fixture
def voice(project: TinyProject) -> TinyProject:
    project.write_lines(VOICE, OLD)
    project.write_lines("new.jsonl", NEW)
    return project


def asked(**more: Any) -> RepositionRequest:
    said: dict[str, Any] = {
        "task": None, "by": "Ana", "why": "founders", "data": Path("voice"),
        "examples": Path("new.jsonl"),
    }  # fmt: skip
    return RepositionRequest(**(said | more))


@pytest.fixture
def run(voice: TinyProject, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(voice.folder)

    def done(**more: Any) -> Repositioned:
        return reposition(voice.project, asked(**more))

    return done


def content(voice: TinyProject) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (voice.folder / VOICE).read_text().splitlines()]


def test_few_new_examples_are_not_outvoted(voice: TinyProject, run: Any) -> None:
    made = run()
    assert (made.mark.added, made.mark.repeat, made.mark.retired, made.old) == (5, 5, 0, 24)
    taught = read_training_set(voice.folder / VOICE).taught
    new = sum(e.repeat for e in taught if e.output.startswith("Hey"))
    assert new >= sum(e.repeat for e in taught if e.output.startswith("Dear"))
    assert content(voice)[:24] == OLD, "the lines of the old voice stay letter for letter"


def test_retired_lines_stay_in_the_version_with_their_day(voice: TinyProject, run: Any) -> None:
    made = run(retire=("person 1",), day="2026-06-01")
    assert (made.mark.retired, made.mark.day, made.old) == (11, "2026-06-01", 13)
    at = [json.loads(line) for line in lines_at(voice.project, Path(made.mark.data))]
    assert sum(line.get("retired") == "2026-06-01" for line in at) == 11
    assert len(at) == 29
    assert len(read_training_set(voice.folder / VOICE).taught) == 18


def test_the_set_as_it_was_is_a_version_too(voice: TinyProject, run: Any) -> None:
    made = run(retire=("person 2",))
    first, second = versions(voice.project, Path("voice"))
    assert (first.why, first.examples) == ("as it was before: founders", 24)
    assert (second.name, second.added, second.changed) == (made.mark.data, 5, 5)
    assert [json.loads(one) for one in lines_at(voice.project, Path("voice@1"))] == OLD


def test_a_version_that_is_there_is_not_made_twice(voice: TinyProject, run: Any) -> None:
    make_version(voice.project, Path("voice"), by="Ben", why="the first")
    assert run().mark.data == "voice@2"


def test_the_day_is_marked_beside_the_benchmark(voice: TinyProject, run: Any) -> None:
    made = run()
    (mark,) = read_voice_days(voice.folder / "benchmarks" / TASK)
    assert mark == made.mark
    assert (mark.task, mark.kind, mark.by, mark.why) == (TASK, "reposition", "Ana", "founders")
    assert mark.fingerprint == voice.project.benchmark(TASK).fingerprint


def test_a_second_time_changes_nothing(voice: TinyProject, run: Any) -> None:
    run(retire=("person 1",))
    before = {f: f.read_bytes() for f in voice.folder.rglob("*.jsonl")}
    again = run(retire=("person 1",))
    assert (again.again, again.already) == (True, 5)
    assert {f: f.read_bytes() for f in voice.folder.rglob("*.jsonl")} == before


def test_a_command_that_was_killed_is_finished_by_the_next(
    voice: TinyProject, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*words: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(repositioning, "add_voice_day", killed)
        with pytest.raises(KeyboardInterrupt):
            run(retire=("person 1",))
    made = run(retire=("person 1",))
    assert (made.mark.retired, made.mark.data, made.mark.added) == (11, "voice@2", 5)
    assert len(versions(voice.project, Path("voice"))) == 2


def test_a_dry_run_writes_nothing(voice: TinyProject, run: Any) -> None:
    before = {f: f.read_bytes() for f in voice.folder.rglob("*") if f.is_file()}
    made = run(retire=("person 1",), dry_run=True)
    assert (made.dry_run, made.mark.retired, made.mark.repeat) == (True, 11, 3)
    after = {f: f.read_bytes() for f in voice.folder.rglob("*") if f.is_file()}
    assert {f: one for f, one in after.items() if ".locks" not in f.parts} == before


def test_a_line_of_the_new_voice_is_taught_again_and_never_retired(
    voice: TinyProject, run: Any
) -> None:
    voice.write_lines(VOICE, [*OLD, NEW[0] | {"retired": "2026-01-01"}, NEW[1]])
    made = run(retire=("Dear", "Hey"))
    assert (made.already, made.old, made.mark.repeat) == (2, 0, 1)
    assert [line for line in content(voice) if line["output"].startswith("Hey")] == NEW


def test_the_repeat_may_be_said(voice: TinyProject, run: Any) -> None:
    assert run(repeat=2).mark.repeat == 2
    assert {line.get("repeat") for line in content(voice)[24:]} == {2}


def test_the_set_of_the_promoted_adapter_is_the_default(voice: TinyProject, run: Any) -> None:
    with pytest.raises(RequestError, match="--data SET"):
        run(data=None)
    about = {"dataset": {"name": "voice@3", "fingerprint": "f"}}
    voice.write("adapters/good/training.json", json.dumps(about))
    voice.record("good")
    voice.promote("good")
    assert run(data=None).file.endswith("voice.jsonl")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"day": "June"}, "is no day"),
        ({"day": "2999-01-01"}, "is not here yet"),
        ({"data": Path("voise")}, "voise: no such training set"),
        ({"why": " "}, "--why must say something"),
        ({"examples": Path("none.jsonl")}, "no such file"),
    ],
)
def test_a_wrong_request_is_refused_before_anything_is_written(
    voice: TinyProject, run: Any, more: dict[str, Any], says: str
) -> None:
    with pytest.raises((RequestError, DataError), match=says):
        run(**more)
    assert content(voice) == OLD


def test_days_go_forward(voice: TinyProject, run: Any) -> None:
    run(day="2026-06-01")
    voice.write_lines("new.jsonl", [{"input": "x", "output": "Yo"}])
    with pytest.raises(RequestError, match="is before 2026-06-01"):
        run(day="2026-05-31")


def test_cases_of_a_benchmark_are_not_taught(voice: TinyProject, run: Any) -> None:
    case = {"input": CASES[0]["input"], "output": "Hey"}
    voice.write_lines("new.jsonl", [*NEW, case])
    with pytest.raises(DataError, match=r"new.jsonl:6: .*benchmark case openers/logistics-1"):
        run()


def test_a_set_that_is_no_jsonl_says_how_to_become_one(voice: TinyProject, run: Any) -> None:
    voice.write("adapters/datasets/table.csv", "input,output\na,b\n")
    with pytest.raises(RequestError, match=r"is no JSONL, .*data at table@N > table.jsonl"):
        run(data=Path("table"))
