"""What a trainer leaves is judged and promoted as it lies: nothing has to be deleted first."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import harness
from harness.flows.decisions.promote import promote
from harness.flows.evaluation.doctor import doctor
from harness.flows.project import Project
from harness.flows.rejudge import judged_again
from harness.flows.store import open_store
from harness.records import DoctorCheck
from tests.fakes.trained import TrainedProject

UNSLOTH = {
    "task_type": None,
    "auto_mapping": {
        "base_model_class": "LlamaForCausalLM",
        "parent_library": "transformers.models.llama.modeling_llama",
        "unsloth_fixed": True,
    },
    "base_model_name_or_path": "unsloth/smollm-135m-instruct-bnb-4bit",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainedProject]:
    """A project on a tiny base; its cache is its own, so that nothing is remembered from before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LORA_HARNESS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield TrainedProject(tmp_path_factory.mktemp("trained"))


@pytest.fixture(scope="module")
def by_trainer(made: TrainedProject) -> Path:
    return made.by_trainer("by_trainer")


@pytest.fixture(scope="module")
def by_trl(made: TrainedProject) -> Path:
    return made.by_trl("by_trl")


def fits(made: TrainedProject, name: str) -> dict[str, str]:
    """The doctor's messages by check, all of them passed."""
    checks = doctor(Project.here(made.folder), name)
    assert [check for check in checks if not check.ok] == []
    return {check.name: check.message for check in checks}


def promoted(made: TrainedProject, name: str) -> None:
    """Judge and promote, as a person would with two commands."""
    verdict = dict(harness.evaluate(name, project=made.folder))["openers"]
    assert verdict.outcome == "promote", verdict.reasons
    promote(Project.here(made.folder), name, task="openers", by="Ana", why="it is better")
    assert harness.promoted("openers", made.folder).name == name


def left_by(
    folder: Path, made: TrainedProject, name: str, **files: str | dict[str, object]
) -> None:
    """Copy an adapter's two files, and put others beside them as a trainer leaves them."""
    to = made.folder / "adapters" / name
    to.mkdir()
    for needed in ("adapter_config.json", "adapter_model.safetensors"):
        shutil.copy(folder / needed, to / needed)
    for file, content in files.items():
        (to / file).parent.mkdir(exist_ok=True)
        (to / file).write_text(content if isinstance(content, str) else json.dumps(content))


@pytest.mark.long
def test_a_folder_of_trainers_save_model_is_judged_and_promoted(
    made: TrainedProject, by_trainer: Path
) -> None:
    assert (by_trainer / "training_args.bin").is_file()
    assert "not loaded: training_args.bin" in fits(made, "by_trainer")["files"]
    promoted(made, "by_trainer")


@pytest.mark.long
@pytest.mark.slow
def test_a_checkpoint_of_trl_is_judged_and_promoted(made: TrainedProject, by_trl: Path) -> None:
    said = fits(made, "by_trl")["files"]
    assert "a tokenizer; not loaded: optimizer.pt, " in said
    assert "trainer_state.json" in said and "training_args.bin" in said
    promoted(made, "by_trl")


@pytest.mark.long
@pytest.mark.slow
def test_a_folder_of_unsloth_is_judged_and_promoted(made: TrainedProject, by_trainer: Path) -> None:
    config = json.loads((by_trainer / "adapter_config.json").read_text()) | UNSLOTH
    card = "---\nbase_model: unsloth/smollm-135m-instruct-bnb-4bit\ntags:\n- unsloth\n---\n# Mine\n"
    left_by(
        by_trainer, made, "unsloth",
        **{"adapter_config.json": config, "README.md": card, ".gitattributes": "*.bin lfs\n"},
    )  # fmt: skip
    found = fits(made, "unsloth")
    assert found["trained on"].startswith("trained on unsloth/smollm-135m-instruct-bnb-4bit")
    promoted(made, "unsloth")
    assert "# Mine" in (made.folder / "adapters/unsloth/README.md").read_text()


@pytest.mark.long
def test_a_verdict_says_which_base_the_adapter_was_trained_on(
    made: TrainedProject, by_trainer: Path
) -> None:
    config = json.loads((by_trainer / "adapter_config.json").read_text())
    named = config | {"base_model_name_or_path": "HuggingFaceTB/SmolLM-135M"}
    left_by(by_trainer, made, "elsewhere", **{"adapter_config.json": named})
    verdict = dict(harness.evaluate("elsewhere", project=made.folder))["openers"]
    said = (
        "trained on HuggingFaceTB/SmolLM-135M (its own word), judged on base: another model by"
        " name, so its scores here may say little about it"
    )
    assert said in verdict.notes
    assert verdict.outcome == "promote", "a name decides nothing"
    with closing(open_store(Project.here(made.folder), None)) as store:
        assert judged_again(store, verdict).same


LLAMA_FACTORY = {
    "all_results.json": "{}", "train_results.json": "{}", "trainer_log.jsonl": "{}\n",
    "trainer_state.json": "{}", "training_args.bin": "x", "training_loss.png": "png",
    "checkpoint-100/optimizer.pt": "x", "runs/events.out.tfevents.1": "x",
}  # fmt: skip
AXOLOTL = {
    "config.json": "{}", "debug.log": "step 1", "checkpoint-50/rng_state_0.pth": "x",
    "checkpoint-50/scheduler.pt": "x", "scaler.pt": "x", "model.safetensors": "x",
    "pytorch_model.bin": "x", "zero_to_fp32.py": "import torch", "latest": "global_step50",
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("files", [LLAMA_FACTORY, AXOLOTL], ids=["llama-factory", "axolotl"])
def test_leftovers_are_passed_over_and_said(
    made: TrainedProject, by_trainer: Path, files: dict[str, str]
) -> None:
    name = f"left_{len(files)}"
    left_by(by_trainer, made, name, **files)
    found: list[DoctorCheck] = doctor(Project.here(made.folder), name)
    assert all(check.ok for check in found)
    said = next(check.message for check in found if check.name == "files")
    assert "; not loaded: " in said and said.endswith(" more")
