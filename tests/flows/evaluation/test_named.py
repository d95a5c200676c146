"""A model that is only a name is judged like any candidate, and every record says what it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.errors import AdapterRefused, DataError, EngineFailed, RequestError
from harness.flows.decisions.attest import attest
from harness.flows.decisions.promote import promote, standings
from harness.flows.decisions.verify import verify
from harness.flows.evaluation.backends import open_backend
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.doctor import doctor
from harness.flows.evaluation.session import open_session
from harness.flows.record import RecordedOutputs, record
from harness.records import NOT_BYTES, Verdict
from tests.fakes.openai_server import CHAT, OpenAIServer, Reply
from tests.fakes.project import CASES, GUARD_CASES, TinyProject
from tests.fakes.refusals import refused

KEY = "sk-do-not-tell-anybody"
MODEL = "ft:small-model:acme::abc123"
IDEALS = {f"Write: {case['input']}": case["ideal"] for case in CASES}
IDEALS |= {case["input"]: case["ideal"] for case in GUARD_CASES}


def knows_it(model: str, messages: list[dict[str, str]], body: object) -> str:
    """The hosted model writes every ideal."""
    return str(IDEALS[messages[-1]["content"]])


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(knows_it) as made:
        made.modules[MODEL] = ""
        yield made


@pytest.fixture
def hosted(
    project: TinyProject, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> TinyProject:
    """Name the model in an adapter's folder; its key is in the environment."""
    monkeypatch.setenv("ACME_API_KEY", KEY)
    name_it(project, server.url)
    return project


def name_it(project: TinyProject, url: str, more: str = "") -> None:
    project.write(
        "adapters/ft/served.toml",
        f'url = "{url}"\nmodel = "{MODEL}"\nnote = "tuned in a console"\nkey = "ACME_API_KEY"\n'
        f"retries = 0\ntimeout = 5.0\n{more}",
    )


def judged(project: TinyProject, name: str = "ft") -> Verdict:
    return harness.evaluate(name, project=project.folder, benchmarks=["openers"])["openers"]


def recorded(project: TinyProject, **how: Any) -> RecordedOutputs:
    return record(project.project, "ft", Request(**how), lambda step, done, total: None, None)


def answers(server: OpenAIServer) -> int:
    return len(server.bodies(CHAT))


def gone(server: OpenAIServer) -> None:
    """Switch the model off."""
    del server.modules[MODEL]


def forget_store(project: TinyProject) -> None:
    (project.folder / "reports/harness.db").unlink()


def aged(project: TinyProject, days: int) -> None:
    """Let all recorded answers be some days older."""

    for file in (project.folder / "recorded/ft").glob("*.origin.json"):
        said = json.loads(file.read_text())
        for one in said["answers"].values():
            then = datetime.fromisoformat(one["at"]) - timedelta(days)
            one["at"] = then.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        file.write_text(json.dumps(said))


@pytest.mark.long
def test_a_name_is_judged_by_its_texts_and_the_verdict_says_what_it_is(
    hosted: TinyProject, server: OpenAIServer
) -> None:
    verdict = judged(hosted)
    assert verdict.outcome == "promote"
    note = next(note for note in verdict.notes if NOT_BYTES in note)
    assert MODEL in note and server.url in note
    assert {m.name for m in verdict.metrics if m.role == "gate"} == {"edit_similarity"}
    with open_session(hosted.project, Request(), lambda *_: None) as session:
        run = session.store.runs.by_id(verdict.runs["candidate"])
    assert run is not None and run.named
    assert run.origin["model"] == MODEL and run.origin["asked"]


@pytest.mark.slow
def test_the_key_is_sent_and_kept_nowhere(hosted: TinyProject, server: OpenAIServer) -> None:
    judged(hosted)
    recorded(hosted)
    assert {asked.headers["authorization"] for asked in server.asked} == {f"Bearer {KEY}"}
    for file in hosted.folder.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes()


@pytest.mark.long
def test_recorded_answers_outlive_the_model(hosted: TinyProject, server: OpenAIServer) -> None:
    found = recorded(hosted)
    assert [one.answers for one in found.files] == [len(CASES), len(GUARD_CASES)]
    before = answers(server)
    gone(server)
    forget_store(hosted)
    assert judged(hosted).outcome == "promote"
    assert answers(server) == before


@pytest.mark.long
def test_recording_again_asks_nothing_and_changes_nothing(
    hosted: TinyProject, server: OpenAIServer
) -> None:
    recorded(hosted)
    before = answers(server)
    assert not any(one.changed for one in recorded(hosted).files)
    assert answers(server) == before


@pytest.mark.long
def test_an_interrupted_recording_goes_on_where_it_stopped(
    hosted: TinyProject, server: OpenAIServer
) -> None:
    name_it(hosted, server.url, "concurrency = 1\n")
    original, asked = server.write, iter(range(100))

    def breaks(model: str, messages: list[dict[str, str]], body: dict[str, Any]) -> str:
        if next(asked) == 3:
            server.next("POST", CHAT, *[Reply(500)] * 20)
        return original(model, messages, body)

    server.write = breaks
    with pytest.raises(EngineFailed):
        recorded(hosted)
    server._next.clear()
    server.write = original
    before = {json.dumps(body["messages"]) for body in server.bodies(CHAT)[:3]}
    already = answers(server)
    recorded(hosted)
    again = {json.dumps(body["messages"]) for body in server.bodies(CHAT)[already:]}
    assert not before & again


@pytest.mark.long
def test_a_new_adapter_is_gated_against_a_name_that_is_gone(
    hosted: TinyProject, server: OpenAIServer
) -> None:

    recorded(hosted)
    assert judged(hosted).outcome == "promote"
    how = {"task": "openers", "by": "Ana", "why": "it knows all"}
    made = promote(hosted.project, "ft", **how)
    assert made.base == NOT_BYTES
    gone(server)
    hosted.record("worse", quality="bad")
    hosted.record("as-good", quality="good")
    assert judged(hosted, "worse").outcome == "reject"
    better = judged(hosted, "as-good")
    assert (better.promoted, better.outcome) == ("ft", "promote")
    assert any(note.startswith(f"ft is {NOT_BYTES}") for note in better.notes)
    assert promote(hosted.project, "as-good", **how).adapter == "as-good"


@pytest.mark.long
def test_answers_beyond_their_age_are_asked_for_again(
    hosted: TinyProject, server: OpenAIServer
) -> None:
    recorded(hosted)
    forget_store(hosted)
    aged(hosted, 31)
    before = answers(server)
    first = judged(hosted)
    assert answers(server) == before + len(CASES) + len(GUARD_CASES)
    assert judged(hosted).runs == first.runs  # fresh again


@pytest.mark.long
def test_old_answers_count_where_the_server_gives_none_and_that_is_said(
    hosted: TinyProject, server: OpenAIServer
) -> None:

    recorded(hosted)
    forget_store(hosted)
    aged(hosted, 31)
    gone(server)
    with open_session(hosted.project, Request(), lambda *_: None) as session:
        found = session.candidate("ft").evaluate(session.benchmark("openers"))
    assert any("does not answer now" in said for said in found.made_again)
    with refused("ft: its answers are older than 30 days", RequestError):
        promote(hosted.project, "ft", task="openers", by="Ana", why="x")


@pytest.mark.long
def test_recorded_answers_that_were_edited_are_refused(hosted: TinyProject) -> None:
    recorded(hosted)
    forget_store(hosted)
    file = hosted.folder / "recorded/ft/openers.jsonl"
    file.write_text(file.read_text().replace("Ana", "Eve", 1))
    with refused("was changed since it was recorded", DataError):
        judged(hosted)


@pytest.mark.long
def test_another_model_under_a_promoted_name_is_refused(
    hosted: TinyProject, server: OpenAIServer
) -> None:

    judged(hosted)
    promote(hosted.project, "ft", task="openers", by="Ana", why="good")
    file = hosted.folder / "adapters/ft/served.toml"
    file.write_text(file.read_text().replace("abc123", "other"))
    hosted.record("as-good")
    with refused("which is not the name that was promoted", AdapterRefused):
        judged(hosted, "as-good")


@pytest.mark.long
def test_a_name_has_no_path_and_nothing_to_attest(hosted: TinyProject) -> None:

    verdict = judged(hosted)
    promote(hosted.project, "ft", task="openers", by="Ana", why="good")
    with refused(f"ft: is {NOT_BYTES}", AdapterRefused):
        harness.promoted("openers", hosted.folder)
    project, store = hosted.project, hosted.store()
    with refused("nothing can be attested", RequestError):
        attest(project, store, verdict.runs["candidate"])
    (one,) = standings(project, store)
    store.close()
    assert one.served is not None and one.served.note == "tuned in a console"
    assert all(check.ok for check in verify(project))
    entry = json.loads((hosted.folder / "adapters/promoted.json").read_text())["tasks"]["openers"]
    assert entry["served"]["model"] == MODEL and entry["files"] == {}
    card = (hosted.folder / "adapters/ft/README.md").read_text()
    assert "A name, not bytes" in card and "library_name" not in card and "model-index" in card


def test_the_doctor_asks_for_a_token_and_names_what_is_missing(
    hosted: TinyProject, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {check.name: check for check in doctor(hosted.project, "ft")}
    assert found["server"].ok and found["key"].ok
    assert NOT_BYTES in found["name"].message
    assert "none yet" in found["recorded openers"].message
    monkeypatch.delenv("ACME_API_KEY")
    gone(server)
    wrong = {check.name for check in doctor(hosted.project, "ft") if not check.ok}
    assert wrong == {"key", "server"}


def test_without_names_the_backend_is_the_engine_alone(project: TinyProject) -> None:
    backend = open_backend(project.project, None, lambda: Path())
    assert type(backend).__name__ == "RecordedBackend"


def test_a_folder_with_weights_and_a_name_is_refused(hosted: TinyProject) -> None:
    hosted.adapter("ft").write()
    with refused("keep one", AdapterRefused):
        judged(hosted)
