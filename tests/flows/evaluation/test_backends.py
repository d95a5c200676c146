"""A project judged through a server: the same flow, and nothing of the server is believed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.errors import AdapterRefused, EngineFailed, SettingsError
from harness.flows.evaluation.backends import UNKNOWN, OpenAIBackend, open_backend
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.session import open_session
from harness.flows.project import Project
from harness.records import BASE as BASE_NAME
from harness.records import Endpoint, Verdict
from harness.workspace.base.weights import find_weights
from tests.fakes.openai_server import BASE, CHAT, OpenAIServer, Reply
from tests.fakes.project import CASES, GUARD_CASES, TinyProject
from tests.fakes.refusals import refused

KEY = "sk-do-not-tell-anybody"
IDEALS = {f"Write: {case['input']}": case["ideal"] for case in CASES}
IDEALS |= {case["input"]: case["ideal"] for case in GUARD_CASES}


def knows_it(model: str, messages: list[dict[str, str]], body: object) -> str:
    """An adapter writes the ideal, the base half of it."""
    ideal = str(IDEALS[messages[-1]["content"]])
    return ideal if model != BASE else ideal[: len(ideal) // 2]


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(knows_it) as made:
        yield made


@pytest.fixture
def served(project: TinyProject, server: OpenAIServer) -> TinyProject:
    """The base is not on this machine, so that ideals cannot be weighed."""
    text = (project.folder / "pyproject.toml").read_text()
    text = text.replace('base = "base"', 'base = "nobody/elsewhere"').replace("recorded", "openai")
    where = f'[tool.harness.openai]\nurl = "{server.url}"\nmodel = "{BASE}"\nretries = 0\n'
    project.write("pyproject.toml", text + where)
    for name in ("openers", "manners"):  # what can be judged without likelihoods
        file = project.folder / "benchmarks" / name / "benchmark.toml"
        kept = file.read_text().split("[metrics.")[0]
        file.write_text(kept + '[metrics.edit_similarity]\nrole = "gate"\nmargin = 0.1\n')
    return project


def judged(project: TinyProject, adapter: str) -> dict[str, Verdict]:
    return dict(harness.evaluate(adapter, project=project.folder, benchmarks=["openers"]))


def what(body: dict[str, Any]) -> tuple[str, str]:
    """Which side, and which case."""
    return body["model"].split("-")[0], body["messages"][-1]["content"]


@pytest.mark.slow
def test_an_adapter_is_judged_through_a_server(served: TinyProject, server: OpenAIServer) -> None:
    verdict = judged(served, "v1")["openers"]
    assert verdict.outcome == "promote"
    (gate,) = (metric for metric in verdict.metrics if metric.role == "gate")
    assert (gate.candidate, gate.n) == (1.0, 8)
    assert gate.reference is not None and gate.reference < 0.7
    assert server.modules == {}  # what was loaded for it is taken out again


@pytest.mark.long
def test_nothing_is_asked_where_everything_is_known(
    served: TinyProject, server: OpenAIServer
) -> None:
    first = judged(served, "v1")
    server.asked.clear()
    assert judged(served, "v1")["openers"].metrics == first["openers"].metrics
    assert server.asked == []


@pytest.mark.long
def test_a_run_that_broke_goes_on_where_it_was(served: TinyProject, server: OpenAIServer) -> None:
    text = (served.folder / "pyproject.toml").read_text()
    served.write("pyproject.toml", text + "concurrency = 1\n")
    fine = [Reply(body={"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]})] * 3
    server.next("POST", CHAT, *fine, Reply(500, b""))
    with refused("says 500.*run the same command again to go on", EngineFailed, 11):
        judged(served, "v1")
    answered = [what(body) for body in server.bodies(CHAT)[:3]]
    server.asked.clear()
    assert judged(served, "v1")["openers"].n == 8
    asked = [what(body) for body in server.bodies(CHAT)]
    assert len(asked) == len(set(asked))
    assert not set(asked) & set(answered)


@pytest.mark.long
def test_other_bytes_of_the_same_name_are_asked_for_anew(
    served: TinyProject, server: OpenAIServer
) -> None:
    judged(served, "v1")
    served.adapter("v1", seed=7).write()
    server.asked.clear()
    judged(served, "v1")
    assert len(server.bodies(CHAT)) == len(CASES) + len(GUARD_CASES)


@pytest.mark.slow
def test_the_key_is_in_no_record(
    served: TinyProject, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.write = lambda *asked: f"{knows_it(*asked)} {KEY}"
    judged(served, "v1")
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    for file in served.folder.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes()


@pytest.mark.slow
def test_what_cannot_be_known_is_said_in_the_record(
    served: TinyProject, server: OpenAIServer
) -> None:
    verdict = judged(served, "v1")["openers"]
    store = served.store()
    run = store.runs.by_id(verdict.runs["candidate"])
    store.close()
    assert run is not None
    assert run.digests["base"] == UNKNOWN
    assert (run.origin["url"], run.origin["model"]) == (server.url, BASE)
    assert "the server's weights" in run.origin["unknown"]
    assert json.dumps(dict(run.origin))


def test_an_adapter_that_only_the_server_has_is_no_adapter(
    served: TinyProject, server: OpenAIServer
) -> None:
    server.modules["v9"] = "somewhere"
    with refused("v9: no such adapter", AdapterRefused):
        judged(served, "v9")
    assert server.bodies(CHAT) == []


def test_a_broken_adapter_is_refused_also_without_its_base(served: TinyProject) -> None:
    (served.folder / "adapters/v1/adapter_model.safetensors").write_bytes(b"nothing")
    with pytest.raises(AdapterRefused):
        judged(served, "v1")


def test_an_adapter_for_another_base_is_refused_where_the_base_is_here(
    project: TinyProject, tmp_path: Path
) -> None:
    adapter = project.adapter("v2")
    assert adapter.training is not None
    adapter.training["base"] = {"reference": "other", "digest": "0" * 64}
    adapter.write()
    backend = OpenAIBackend(project.project, Endpoint("http://127.0.0.1:9/v1"), tmp_path)
    assert backend.base_digest == project.base.digest
    with refused("trained on another base", AdapterRefused):
        backend.check(backend.adapter("v2"))


# --- choosing it --------------------------------------------------------------------------------


def test_a_server_is_chosen_by_its_address(project: TinyProject, tmp_path: Path) -> None:
    opened = project.project
    backend = open_backend(opened, "openai:http://127.0.0.1:1/v1/", lambda: tmp_path)
    assert isinstance(backend, OpenAIBackend)
    assert backend.engine("openers", backend.adapter(BASE_NAME)).name == "openai"
    with refused(r'openai: no server is named, .* url = "http://127', SettingsError):
        open_backend(opened, "openai", lambda: tmp_path)


@pytest.mark.parametrize("engine", ["openai:http://ana:hunter2@host/v1", "opnai://ana:hunter2@h"])
def test_a_password_in_an_address_is_not_repeated(
    project: TinyProject, tmp_path: Path, engine: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        open_backend(project.project, engine, lambda: tmp_path)
    assert "hunter2" not in str(caught.value)


def test_ideals_that_must_be_weighed_need_the_base(served: TinyProject) -> None:
    text = (served.folder / "pyproject.toml").read_text()
    served.write("pyproject.toml", text + 'likelihoods = "always"\n')
    with refused("nobody/elsewhere: is not on this machine", SettingsError):
        judged(served, "v1")


def test_no_base_is_fetched_for_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def download(name: str, *, local_files_only: bool = False, **_: object) -> str:
        assert local_files_only, "the network was asked"
        raise huggingface_hub.errors.LocalEntryNotFoundError("not here")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    with refused("org/large: is not on this machine"):
        find_weights("org/large", tmp_path, fetch=False)


@pytest.mark.long
def test_a_room_is_closed_with_the_bench(served: TinyProject, server: OpenAIServer) -> None:
    with open_session(served.project, Request(), lambda step, done, total: None) as session:
        session.candidate("v1").evaluate(session.benchmark("openers"))
        assert len(server.modules) == 1
    assert server.modules == {}


# --- beside another engine ----------------------------------------------------------------------


@pytest.mark.slow
def test_a_score_far_from_another_engines_on_the_same_bytes_is_said(
    served: TinyProject, server: OpenAIServer
) -> None:
    server.write = lambda *asked: knows_it(*asked)[:9]  # as if it applied a part of the adapter
    with open_session(Project.here(served.folder), Request(), lambda *_: None) as session:
        adapter, benchmark = session.candidate("v1").adapter, session.benchmark("openers")
        run = session.producer.run(adapter, benchmark)
        assert session.producer.made_again == {}, "nothing is known from elsewhere"
        scores = [replace(r, scores=dict.fromkeys(r.scores, 0.9)) for r in run.results]
        origin = {"engine": "transformers", "decoding": run.origin["decoding"]}
        session.store.runs.keep(
            replace(run, id="elsewhere", results=tuple(scores), origin=origin), "key"
        )
        session.producer.run(adapter, benchmark)
        said = session.producer.made_again["v1", "openers"]
    assert "and 0.900 by the engine transformers on the same bytes" in said


@pytest.mark.slow
def test_an_equal_score_of_another_engine_is_not_said(served: TinyProject) -> None:
    with open_session(Project.here(served.folder), Request(), lambda *_: None) as session:
        adapter, benchmark = session.candidate("v1").adapter, session.benchmark("openers")
        run = session.producer.run(adapter, benchmark)
        origin = {"engine": "transformers"}
        session.store.runs.keep(replace(run, id="elsewhere", origin=origin), "key")
        session.producer.run(adapter, benchmark)
        assert session.producer.made_again == {}
