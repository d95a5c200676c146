"""A server is held against this process before any of its answers is believed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import harness
from harness.errors import AdapterRefused, HarnessError, SettingsError
from harness.flows.evaluation.backends import OpenAIBackend
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.prefetch import prefetch
from harness.flows.evaluation.session import open_session
from harness.flows.evaluation.work import RunSpec
from harness.flows.project import Project
from tests.fakes.llama import TinyLlama
from tests.fakes.openai_server import CHAT, WEIGH, OpenAIServer
from tests.fakes.vllm_server import FAULTS, VLLM

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # of the libraries

SETTINGS = """\
[tool.harness]
base = "base"
embedder = "none"
engine = "openai"

[tool.harness.generation]
max_new_tokens = 6
dtype = "float32"

[tool.harness.openai]
model = "the-base"
retries = 0
"""
BENCHMARK = """\
name = "openers"
task = "openers"

[metrics.ideal_likelihood]
role = "gate"
margin = 0.05
"""
CASES = [
    {"id": f"case-{n}", "input": f"w{n} w{n + 20}", "ideal": f"w{n + 40} w{2 * n} w{n}"}
    for n in range(10)
]
SAID = {
    "half applied": (AdapterRefused, "v1: .* answers otherwise .* a part of the adapter"),
    "other base": (SettingsError, "its base answers otherwise .* it serves another base"),
    "other template": (SettingsError, "makes other tokens of a prompt than the base"),
    "stale module": (AdapterRefused, "v1: .* answers otherwise .* has other files or none"),
    "base under its name": (AdapterRefused, "v1: .* answers otherwise .* other files or none"),
    "quantised": (SettingsError, "its base answers otherwise .* in coarser numbers"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a base, two adapters, and another base beside it."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "benchmarks/openers").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(SETTINGS)
    (folder / "benchmarks/openers/benchmark.toml").write_text(BENCHMARK)
    lines = "".join(json.dumps(case) + "\n" for case in CASES)
    (folder / "benchmarks/openers/cases.jsonl").write_text(lines)
    llama = TinyLlama(folder / "base")
    for seed, name in enumerate(("v1", "v2")):
        llama.adapter(folder / "adapters" / name, name=name, seed=seed)
    other = TinyLlama(folder / "other").model
    for weight in other.parameters():
        weight.data = weight.data.roll(1, 0)
    other.save_pretrained(folder / "other")
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    return shutil.copytree(made, tmp_path / "project")


def serve(project: Path, fault: str = "", **how: str) -> VLLM:
    other, stale = project / "other", project / "adapters/v2"
    return VLLM(project / "base", fault, other=other, stale=stale, **how)


def judged(project: Path, server: OpenAIServer) -> str:
    found = harness.evaluate("v1", project=project, engine=f"openai:{server.url}")
    return found["openers"].outcome


@pytest.fixture
def right(project: Path) -> Iterator[VLLM]:
    with serve(project) as server:
        yield server


@pytest.mark.long
def test_a_right_server_is_believed(project: Path, right: VLLM) -> None:
    assert judged(project, right) in ("promote", "reject", "inconclusive")


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_server_is_refused_before_it_writes_a_text(project: Path, fault: str) -> None:
    error, said = SAID[fault]
    with serve(project, fault) as server, pytest.raises(error, match=said):
        judged(project, server)
    written = [body for body in server.bodies(CHAT) if body["max_tokens"] > 1]
    # The base's own answers are believed once it weighs as here.
    assert not [body for body in written if body["model"] != "the-base"]


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS)
def test_a_sweep_refuses_it_too(project: Path, fault: str) -> None:
    with serve(project, fault) as server:
        request = Request(engine=f"openai:{server.url}")
        with open_session(Project.here(project), request, lambda *_: None) as session:
            prefetch(session, [("v1", "openers", None)])
            broken = session.producer.broken["v1", "openers"]
    assert isinstance(broken, HarnessError) and broken.exit_code == 4
    assert not [b for b in server.bodies(CHAT) if b["model"] != "the-base" and b["max_tokens"] > 1]


@pytest.mark.long
@pytest.mark.slow
def test_a_right_server_is_believed_100_times_of_100(project: Path, right: VLLM) -> None:
    request = Request(engine=f"openai:{right.url}")
    with open_session(Project.here(project), request, lambda *_: None) as session:
        adapter, benchmark = session.candidate("v1").adapter, session.benchmark("openers")
        spec = RunSpec(adapter, benchmark, benchmark.cases, session.backend)
        backend = session.backend
        assert isinstance(backend, OpenAIBackend)
        for _ in range(100):
            check = backend.server_check
            assert check is not None
            check.refuse_unlike(spec, session.store)
            del backend.server_check  # the next one compares anew
    assert len(right.bodies(WEIGH)) > 100 * 2 * 8


# --- adapters that change the head --------------------------------------------------------------


def with_head(project: Path) -> None:
    """Write v1 anew, as a LoRA on `v_proj` and `lm_head`."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(project / "base")
    config = LoraConfig(r=4, target_modules=["v_proj", "lm_head"], task_type="CAUSAL_LM")
    model = get_peft_model(base, config)
    torch.manual_seed(5)
    for key, values in model.named_parameters():
        if "lora_B" in key:
            values.data = torch.randn_like(values) * 0.5
    shutil.rmtree(project / "adapters/v1")
    model.save_pretrained(project / "adapters/v1")


@pytest.mark.long
def test_an_adapter_that_changes_the_head_is_judged_without_likelihoods(
    project: Path, right: VLLM, capsys: pytest.CaptureFixture[str]
) -> None:
    with_head(project)
    request = Request(engine=f"openai:{right.url}")
    with open_session(Project.here(project), request, lambda *_: None) as session:
        run = session.producer.run(session.candidate("v1").adapter, session.benchmark("openers"))
        base = session.producer.run(session.backend.adapter("base"), session.benchmark("openers"))
    assert {r.scores["ideal_likelihood"] for r in run.results} == {None}
    assert None not in {r.scores["ideal_likelihood"] for r in base.results}
    assert "v1: changes lm_head" in capsys.readouterr().err


@pytest.mark.long
@pytest.mark.parametrize("fault", ["half applied", "base under its name"])
def test_its_texts_still_show_a_wrong_server(project: Path, fault: str) -> None:
    with_head(project)
    with (
        serve(project, fault) as server,
        pytest.raises(AdapterRefused, match=r"v1: .* of 8 texts as this process does"),
    ):
        judged(project, server)
