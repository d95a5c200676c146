"""A live endpoint is the promoted adapter, or it is said who answers in its place."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

import harness
from harness.cli import main
from harness.errors import RequestError
from harness.flows.monitoring.served import served
from harness.flows.project import Project
from harness.flows.queries import now
from harness.flows.store import open_store
from harness.records import Decision, EndpointCheck
from tests.fakes.llama import TinyLlama
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.vllm_server import FAULTS, VLLM
from tests.fakes.webhook import Receiver
from tests.flows.evaluation.test_server_check import BENCHMARK, CASES, SETTINGS

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # of the libraries

ANSWERS = {
    "half applied": "partly",
    "other base": "other base",
    "other template": "template",
    "stale module": "another",
    "base under its name": "base",
    "quantised": "quantisation",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which v1 is promoted, and v2 and the base have runs as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LORA_HARNESS_CACHE", str(tmp_path_factory.mktemp("cache")))
        folder = tmp_path_factory.mktemp("made")
        (folder / "benchmarks/openers").mkdir(parents=True)
        (folder / "pyproject.toml").write_text(SETTINGS.replace('"openai"', '"transformers"'))
        (folder / "benchmarks/openers/benchmark.toml").write_text(BENCHMARK)
        lines = "".join(json.dumps(case) + "\n" for case in CASES)
        (folder / "benchmarks/openers/cases.jsonl").write_text(lines)
        llama = TinyLlama(folder / "base")
        for seed, name in enumerate(("v1", "v2")):
            llama.adapter(folder / "adapters" / name, name=name, seed=seed)
            harness.evaluate(name, project=folder)
        other = TinyLlama(folder / "other").model
        for weight in other.parameters():
            weight.data = weight.data.roll(1, 0)
        other.save_pretrained(folder / "other")
        project = Project.here(folder)
        with closing(open_store(project)) as store:
            run = store.runs.newest("v1", "openers")
            assert run is not None
            digest = run.digests["adapter"]
            store.decisions.add(
                Decision("promote", "openers", "v1", digest, "Ana", "good", "2026-01-01T00:00:00Z")
            )
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    folder = shutil.copytree(made, tmp_path / "project")
    monkeypatch.chdir(folder)
    return folder


def serve(project: Path, fault: str = "", dtype: str = "float32") -> VLLM:
    server = VLLM(
        project / "base",
        fault,
        other=project / "other",
        stale=project / "adapters/v2",
        dtype=dtype,
    )
    server.modules["v1"] = str(project / "adapters/v1")
    return server


@pytest.fixture
def right(project: Path) -> Iterator[VLLM]:
    with serve(project) as server:
        yield server


def asked(project: Path, server: OpenAIServer, **how: str) -> EndpointCheck:
    return served(Project.here(project), None, server.url, **how)


@pytest.mark.long
def test_the_promoted_adapter_is_known_100_times_of_100(project: Path, right: VLLM) -> None:
    found = [asked(project, right) for _ in range(100)]
    assert {(one.outcome, one.name, one.model) for one in found} == {("same", "v1", "v1")}
    assert {one.rounding for one in found} == {"float32"}


@pytest.mark.long
def test_the_promoted_adapter_is_known(project: Path, right: VLLM) -> None:
    found = asked(project, right)
    assert (found.outcome, found.rounding, found.model) == ("same", "float32", "v1")
    assert (found.ideals, found.texts, found.equal) == (8, 8, 8)


@pytest.mark.long
def test_it_is_known_where_the_server_computes_in_bfloat16(project: Path) -> None:
    with serve(project, dtype="bfloat16") as server:
        found = asked(project, server)
    assert (found.outcome, found.name) == ("same", "v1")


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_who_answers_in_its_place_is_named(project: Path, fault: str) -> None:
    with serve(project, fault) as server:
        found = asked(project, server)
    assert (found.outcome, found.answers) == ("other", ANSWERS[fault])
    assert found.name == {"stale module": "v2", "base under its name": "base"}.get(
        fault, found.name
    )


@pytest.mark.long
def test_without_log_probabilities_the_texts_tell(project: Path, right: VLLM) -> None:
    right.weigh = None
    found = asked(project, right)
    assert (found.outcome, found.distance, found.equal) == ("same", None, 8)
    right.modules["v1"] = str(project / "adapters/v2")
    right._models.clear()
    assert (found := asked(project, right)).answers == "another" and found.name == "v2"


@pytest.mark.slow
def test_nothing_is_loaded_into_the_server_or_taken_out(project: Path, right: VLLM) -> None:
    asked(project, right)
    assert not right.bodies("/load_lora_adapter") and not right.bodies("/unload_lora_adapter")


@pytest.mark.long
def test_the_name_that_customers_use_can_be_given(project: Path, right: VLLM) -> None:
    right.modules = {"live": right.modules["v1"], "canary": str(project / "adapters/v2")}
    with pytest.raises(RequestError, match="live, canary, say by --model which"):
        asked(project, right)
    assert asked(project, right, model="live").outcome == "same"
    assert asked(project, right, model="canary").name == "v2"


def test_a_project_in_which_nothing_is_promoted_has_nothing_to_compare(
    project: Path, right: VLLM
) -> None:
    (project / "reports/harness.db").unlink()
    with pytest.raises(RequestError, match="nothing is promoted yet"):
        asked(project, right)


@pytest.mark.long
def test_the_page_now_has_the_last_answer(project: Path, right: VLLM) -> None:
    asked(project, right)
    right.fault = "base under its name"
    right._models.clear()
    asked(project, right)
    opened = Project.here(project)
    with closing(open_store(opened)) as store:
        (task,) = now(opened, store, date(2026, 12, 1)).tasks
    assert task.endpoint is not None and task.endpoint.answers == "base"


@pytest.mark.long
def test_the_command_says_it_in_words_and_as_json(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def typed(*words: str) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["lora-harness", "served", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capsys.readouterr().out

    with serve(project) as server:
        code, out = typed("--task", "openers", "--url", server.url)
        assert code == 0 and "v1 answers, as float32 rounds" in " ".join(out.split())
        assert "8 of 8 texts equal" in out
    with serve(project, "base under its name") as server:
        code, out = typed("--url", server.url)
        assert code == 1 and "the base answers, without v1" in " ".join(out.split())
        code, out = typed("--url", server.url, "--json")
        said = json.loads(out)
        assert code == 1 and (said["outcome"], said["answers"]) == ("other", "base")
    code, out = typed("--url", "http://127.0.0.1:9/v1", "--json")
    assert code == 11 and "error" in json.loads(out)


@pytest.mark.long
def test_a_team_is_told_where_another_answers_and_only_then(
    project: Path, right: VLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = project / "pyproject.toml"
    settings.write_text(settings.read_text() + '[tool.harness.notify]\nwebhook = "TEAM"\n')
    with Receiver() as receiver:
        monkeypatch.setenv("TEAM", receiver.address)
        asked(project, right)
        assert receiver.bodies == []
        with serve(project, "base under its name") as server:
            asked(project, server)
        (body,) = receiver.bodies
    assert body["text"].startswith("served: the endpoint of openers does not answer as v1\n")
    assert "127.0.0.1" not in body["text"]
