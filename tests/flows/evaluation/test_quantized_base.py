"""A QLoRA that plain PEFT trained on a base in nf4: judged, promoted, compared with its like."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import pytest

import harness
from harness.engines.local.quantized import bitsandbytes_config
from harness.errors import SettingsError, WeightsError
from harness.flows.decisions.promote import promote
from harness.flows.evaluation.backends import ThirdPartyBackend
from harness.flows.evaluation.doctor import doctor
from harness.flows.evaluation.work import prompts_for
from harness.flows.project import Project
from harness.flows.store import open_store
from harness.records import Run
from harness.registered import Registered
from perf.kinds import CASES, write_project
from tests.fakes.kinds import Kind, write_base
from tests.fakes.plain import plain, tokens
from tests.fakes.refusals import refused

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed"),
]
WIDE = {"hidden_size": 128, "intermediate_size": 128, "head_dim": 32, "initializer_range": 0.1}
KIND = Kind("wide", "llama", WIDE, "bytes", "Zephyr")
NF4 = 'quantize = "nf4"\n'


def train_qlora(
    base: Path,
    folder: Path,
    project: Project,
    steps: int,
    name: str = "kinds",
    end: str = "</s>",
) -> None:
    """Train as the PEFT documentation shows it, on a benchmark's own ideals."""
    import torch
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(base)
    config = bitsandbytes_config("nf4", "float32")
    model = AutoModelForCausalLM.from_pretrained(base, quantization_config=config)
    model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    lora = LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM")
    tuned = get_peft_model(model, lora).train()
    optimizer = torch.optim.AdamW([p for p in tuned.parameters() if p.requires_grad], lr=5e-3)
    benchmark = project.benchmark(name)
    lessons = []
    for case in benchmark.cases[:steps]:
        (prompt,) = prompts_for(benchmark, case, "any")
        turns = [asdict(message) for message in prompt.messages]
        given, whole = tokens(tokenizer, turns, case.ideals[0], end)
        lessons.append((whole, [-100] * len(given) + whole[len(given) :]))
    for step in range(steps):
        whole, labels = lessons[step % len(lessons)]
        loss = tuned(input_ids=torch.tensor([whole]), labels=torch.tensor([labels])).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    tuned.save_pretrained(folder)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project on a base in nf4, with an adapter that knows the ideals a little, and a better."""
    folder = tmp_path_factory.mktemp("project")
    write_base(KIND, folder / "base")
    write_project(KIND, folder, NF4)
    project = Project.here(folder)
    train_qlora(folder / "base", folder / "adapters" / "v1", project, 30)
    train_qlora(folder / "base", folder / "adapters" / "v2", project, 60)
    return folder


@pytest.mark.long
def test_it_is_judged_promoted_and_never_compared_with_another_form(place: Path) -> None:
    project = Project.here(place)
    checks = doctor(project, "v1")
    assert all(check.ok for check in checks), checks
    assert "judged on base in nf4" in [check.message for check in checks]

    assert harness.evaluate("v1", project=place)["kinds"].outcome == "promote"
    decision = promote(project, "v1", task=None, by="Ana", why="the first")
    assert decision.base == project.base.digest

    verdict = harness.evaluate("v2", project=place)["kinds"]
    assert (verdict.outcome, verdict.promoted) == ("promote", "v1")

    run = kept_runs(project)["v2", project.base.digest]
    assert run.origin["quantized"] == "nf4"
    benchmark = project.benchmark("kinds")
    prompts = [p for case in benchmark.cases for p in prompts_for(benchmark, case, "v2")]
    wanted = plain(
        place / "base",
        place / "adapters" / "v2",
        [([asdict(turn) for turn in p.messages], p.ideals[0]) for p in prompts],
        "</s>",
        project.settings.generation.max_new_tokens,
        quantization_config=bitsandbytes_config("nf4", "float32"),
        attn_implementation=None,
    )
    assert [result.text for result in run.results] == [text for text, _ in wanted]
    assert len(wanted) == len(CASES)

    # The same project without the setting: the promoted adapter is run anew, on the plain base.
    write_again(place, "")
    again = harness.evaluate("v2", project=place)["kinds"]
    assert again.promoted == "v1"
    bases = {base for adapter, base in kept_runs(project) if adapter == "v1"}
    assert bases == {project.base.digest, project.base.content}


def test_a_base_whose_files_are_in_nf4_is_looked_through(place: Path, tmp_path: Path) -> None:
    """Its matrices are columns of bytes, and an adapter must fit their real shapes."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    config = bitsandbytes_config("nf4", "float32")
    model = AutoModelForCausalLM.from_pretrained(place / "base", quantization_config=config)
    model.save_pretrained(tmp_path / "base")
    AutoTokenizer.from_pretrained(place / "base").save_pretrained(tmp_path / "base")
    write_project(KIND, tmp_path)
    shutil.copytree(place / "adapters", tmp_path / "adapters")
    checks = doctor(Project.here(tmp_path), "v1")
    assert all(check.ok for check in checks), checks
    assert "judged on base in nf4" in [check.message for check in checks]


def kept_runs(project: Project) -> dict[tuple[str, str], Run]:
    """Return the runs of the store by adapter and base."""
    store = open_store(project, None)
    found = [store.runs.by_id(name) for name in store.runs.ids()]
    store.close()
    return {(run.adapter, run.digests["base"]): run for run in found if run is not None}


def write_again(place: Path, more: str) -> None:
    file = place / "pyproject.toml"
    file.write_text(file.read_text().replace(NF4, more))


def test_an_engine_of_another_package_is_not_asked_to_quantise(tmp_path: Path) -> None:
    write_base(KIND, tmp_path / "base")
    write_project(KIND, tmp_path, NF4)
    offered = Registered("acme", lambda place, base: None, "acme 1", "acme:make")
    backend = ThirdPartyBackend(Project.here(tmp_path), offered, "", tmp_path)
    with refused('acme: `quantize = "nf4"` is for the engines', SettingsError, 4):
        backend.engine("kinds", backend.adapter("base"))


def test_an_unknown_word_is_refused(tmp_path: Path) -> None:
    write_project(KIND, tmp_path, 'quantize = "nf8"\n')
    with refused("`quantize` is 'nf8', allowed are none, nf4, int8", SettingsError, 4):
        Project.here(tmp_path)


def test_a_base_quantised_already_is_not_quantised_otherwise(tmp_path: Path) -> None:
    write_base(KIND, tmp_path / "base")
    config = tmp_path / "base" / "config.json"
    config.write_text(
        config.read_text().replace("{", '{"quantization_config": {"load_in_8bit": true},', 1)
    )
    write_project(KIND, tmp_path, NF4)
    with refused("its files are int8 already", WeightsError, 4):
        _ = Project.here(tmp_path).base
