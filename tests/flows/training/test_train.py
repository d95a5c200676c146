"""Training: what is refused before it begins, and how the finished adapter appears."""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness.engines.trainer import Lesson, Recipe
from harness.errors import AdapterRefused, DataError, EngineFailed, HarnessError, RequestError
from harness.flows.evaluation.contamination import find_contamination
from harness.flows.training import train as flow
from harness.flows.training.train import train
from harness.workspace.adapters.inspection import inspect
from tests.fakes.adapters import TinyAdapter
from tests.fakes.project import CASES, TASK, TinyProject
from tests.fakes.refusals import refused


class Trainer:
    """Stands in for TRL: hands over a real small adapter, remembers what it was given."""

    def __init__(self, project: TinyProject) -> None:
        self.project = project
        self.lessons: list[Lesson] = []
        self.works: list[Path] = []
        self.parents: list[Path | None] = []
        self.quantize = ""
        self.breaks = False

    def __call__(
        self,
        base: Path,
        lessons: Sequence[Lesson],
        recipe: Recipe,
        work: Path,
        parent: Path | None,
        heard: Callable[[int, int, float | None], None],
        quantize: str,
    ) -> list[float]:
        self.quantize = quantize
        self.lessons, self.works = list(lessons), [*self.works, work]
        self.parents.append(parent)
        (work / "checkpoint-1").mkdir(exist_ok=True)
        if self.breaks:
            raise EngineFailed("the machine broke")
        heard(1, 2, 1.25)
        made = TinyAdapter(work, "adapter", self.project.base, seed=recipe.seed)
        made.training = None
        made.config["target_modules"] = ["v_proj", "q_proj"]
        made.write()
        (work / "adapter" / "README.md").write_text("what PEFT says")
        return [1.25, 0.5]


@pytest.fixture
def trainer(project: TinyProject, monkeypatch: pytest.MonkeyPatch) -> Trainer:
    made = Trainer(project)
    monkeypatch.setattr(flow, "train_lora", made)
    return made


@pytest.fixture
def data(project: TinyProject) -> Path:
    return project.write_lines(
        "adapters/datasets/small.jsonl",
        [{"input": f"person {n}", "output": f"Hi {n}!"} for n in range(50)],
    )


def names(project: TinyProject) -> set[str]:
    return {path.name for path in (project.folder / "adapters").iterdir()}


@pytest.mark.slow
def test_the_adapter_appears_with_its_provenance(
    project: TinyProject, trainer: Trainer, data: Path
) -> None:
    heard: list[tuple[int, int, float | None]] = []
    found = train(
        project.project, "v2", data, Recipe(seed=3), on_progress=lambda *step: heard.append(step)
    )
    assert (found.name, found.examples, found.losses) == ("v2", 50, (1.25, 0.5))
    assert heard == [(1, 2, 1.25)]
    about = json.loads((found.folder / "training.json").read_text())
    assert about["name"] == "v2"
    assert about["task"] == "openers"
    assert about["base"] == {"reference": "base", "digest": project.base.digest}
    assert about["dataset"]["name"] == "small.jsonl"
    assert about["dataset"]["examples"] == 50
    assert about["anyway"] == []
    assert len(about["dataset"]["fingerprint"]) == 64
    assert about["recipe"]["rank"] == Recipe().rank
    assert (about["seed"], about["parent"], about["losses"]) == (3, None, [1.25, 0.5])
    assert {"lora-harness", "torch", "transformers", "peft", "trl"} <= set(about["versions"])
    assert {"prompt", "source", "finished", "seconds", "format"} <= set(about)


@pytest.mark.long
def test_an_adapter_of_a_quantised_base_says_so(
    project: TinyProject, trainer: Trainer, data: Path
) -> None:
    """Its training.json names the plain files and the form, so that it may be judged on another."""
    plain = project.base.digest
    text = (project.folder / "pyproject.toml").read_text()
    quantised = text.replace('embedder = "none"\n', 'embedder = "none"\nquantize = "nf4"\n')
    project.write("pyproject.toml", quantised)
    found = train(project.project, "v2", data, Recipe())
    assert trainer.quantize == "nf4"
    about = json.loads((found.folder / "training.json").read_text())
    assert about["base"] == {"reference": "base", "digest": plain, "quantized": "nf4"}
    assert "bitsandbytes" in about["versions"]
    in_nf4 = replace(project.base.shape, quantized="nf4")
    said = {
        form.quantized: list(inspect(project.adapter("v2").files(), form))
        for form in (in_nf4, project.base.shape)
    }
    assert all(check.ok for checks in said.values() for check in checks)
    assert "unquantised" not in said["nf4"][-1].message
    assert said[""][-1].message.endswith("trained in nf4, judged unquantised")


@pytest.mark.slow
def test_the_folder_is_clean_and_sound(project: TinyProject, trainer: Trainer, data: Path) -> None:
    found = train(project.project, "v2", data, Recipe())
    assert {file.name for file in found.folder.iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
        "training.json",
    }
    config = json.loads((found.folder / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "base"  # no path of this machine
    assert config["target_modules"] == ["q_proj", "v_proj"]
    assert all(check.ok for check in project.adapter("v2").inspected())
    assert not trainer.works[0].exists()


def test_lessons_are_prompts_as_the_benchmark_makes_them(
    project: TinyProject, trainer: Trainer, data: Path
) -> None:
    train(project.project, "v2", data, Recipe())
    first = trainer.lessons[0]
    assert [turn.content for turn in first.messages] == [
        "You write first lines.",
        "Write: person 0",
    ]
    assert first.completion == "Hi 0!"


def test_a_client_has_a_folder_of_its_own(
    project: TinyProject, trainer: Trainer, data: Path
) -> None:
    train(project.project, "acme/v1", data, Recipe())
    assert (project.folder / "adapters" / "acme" / "v1" / "training.json").is_file()


def test_a_parent_is_named_with_its_bytes(
    project: TinyProject, trainer: Trainer, data: Path
) -> None:
    found = train(project.project, "v2", data, Recipe(), parent="v1")
    about = json.loads((found.folder / "training.json").read_text())
    assert about["parent"] == {"name": "v1", "digest": project.adapter("v1").files().digest}
    (loaded,) = trainer.parents  # a private copy: swapping the folder meanwhile changes nothing
    assert loaded is not None and loaded.name == "parent" and ".training" in loaded.parts


def test_a_parent_that_would_be_refused_on_trial_is_no_parent(
    project: TinyProject, trainer: Trainer, data: Path
) -> None:
    (project.folder / "adapters" / "v1" / "adapter_model.bin").write_bytes(b"x")
    with pytest.raises(AdapterRefused, match="is a pickle"):
        train(project.project, "v2", data, Recipe(), parent="v1")
    assert trainer.parents == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("v1", "exists already"),
        ("datasets", "exists already"),
        ("base", "reserved name"),
        ("base+prompt", "reserved name"),
        ("../v2", "is not an adapter name"),
        (".training", "is not an adapter name"),
        ("", "is not an adapter name"),
        ("a/b/c", "is not an adapter name"),
    ],
)
def test_a_name_that_cannot_be_taken_is_refused_first(
    project: TinyProject, trainer: Trainer, data: Path, name: str, words: str
) -> None:
    before = names(project)
    with pytest.raises(RequestError, match=words):
        train(project.project, name, data, Recipe())
    assert trainer.works == []
    assert names(project) == before


@pytest.mark.parametrize(
    "text", ["", '{"input": "a"}', '{"input": "a", "output": ""}', "nonsense", '{"prompt": "a"}']
)
def test_data_that_cannot_be_learnt_is_refused_first(
    project: TinyProject, trainer: Trainer, text: str
) -> None:
    before = names(project)
    with pytest.raises(HarnessError, match=r"data\.jsonl"):
        train(project.project, "v2", project.write("data.jsonl", text), Recipe())
    assert trainer.works == []
    assert names(project) == before


def test_an_unknown_parent_or_task_is_refused_first(
    project: TinyProject, trainer: Trainer, data: Path
) -> None:
    with pytest.raises(RequestError, match="nosuch"):
        train(project.project, "v2", data, Recipe(), parent="nosuch")
    with pytest.raises(RequestError, match="poems"):
        train(project.project, "v2", data, Recipe(), task="poems")
    assert trainer.works == []


def test_a_training_that_broke_leaves_no_adapter_and_is_carried_on(
    project: TinyProject, trainer: Trainer, data: Path
) -> None:
    trainer.breaks = True
    with pytest.raises(EngineFailed):
        train(project.project, "v2", data, Recipe())
    assert not (project.folder / "adapters" / "v2").exists()
    trainer.breaks = False
    train(project.project, "v2", data, Recipe())
    assert trainer.works[0] == trainer.works[1]
    assert (project.folder / "adapters" / "v2").is_dir()


@pytest.mark.parametrize("change", ["data", "recipe", "prompt"])
def test_what_broke_under_other_conditions_is_not_carried_on(
    project: TinyProject, trainer: Trainer, data: Path, change: str
) -> None:
    trainer.breaks = True
    with pytest.raises(EngineFailed):
        train(project.project, "v2", data, Recipe())
    if change == "data":
        data.write_text(data.read_text() + '{"input": "x", "output": "y"}\n')
    if change == "prompt":
        file = project.folder / "benchmarks" / "openers" / "benchmark.toml"
        file.write_text(file.read_text().replace("Write:", "Please write:"))
    trainer.breaks = False
    train(project.project, "v2", data, Recipe(rank=4 if change == "recipe" else 8))
    assert trainer.works[0] != trainer.works[1]


def test_a_name_that_somebody_takes_meanwhile_is_not_overwritten(
    project: TinyProject, trainer: Trainer, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs: list[str] = []

    def taking(*given: object) -> list[float]:
        theirs.append(project.adapter("v2", seed=8).write().files().digest)
        return trainer(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(flow, "train_lora", taking)
    with pytest.raises(RequestError, match="cannot take its place"):
        train(project.project, "v2", data, Recipe())
    assert [project.adapter("v2").files().digest] == theirs
    assert (trainer.works[0] / "adapter" / "training.json").is_file()


def test_a_disk_that_fails_at_the_last_step_is_not_the_request_s_fault(
    project: TinyProject, trainer: Trainer, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.replace

    def failing(path: Path, target: Path) -> Path:
        if path.name == "adapter":
            raise OSError(errno.EIO, "Input/output error")
        return real(path, target)

    monkeypatch.setattr(Path, "replace", failing)
    with refused("v2: cannot take its place there .Input/output error.*lies in", code=11):
        train(project.project, "v2", data, Recipe())


def test_what_a_killed_run_had_begun_to_write_is_not_part_of_the_adapter(
    project: TinyProject, trainer: Trainer, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def left_over(base: Path, lessons: object, recipe: Recipe, work: Path, *rest: object) -> object:
        found = trainer(base, lessons, recipe, work, *rest)  # type: ignore[arg-type]
        (work / "adapter" / ".training.json.0123").write_text('{"half')
        return found

    monkeypatch.setattr(flow, "train_lora", left_over)
    made = train(project.project, "v2", data, Recipe())
    assert not [file for file in made.folder.iterdir() if file.name.startswith(".")]


# --- what is not to be learnt -------------------------------------------------------------------


def few(project: TinyProject, count: int, **more: str) -> Path:
    rows = [{"input": f"person {n}", "output": f"Hi {n}!"} for n in range(count)]
    return project.write_lines("few.jsonl", [*rows, *([more] if more else [])])


def test_too_few_examples_are_refused_unless_told_and_that_is_recorded(
    project: TinyProject, trainer: Trainer
) -> None:
    data = few(project, 49)
    with refused("few.jsonl: 49 examples, fine-tuning needs 50 or more; .*--anyway", DataError):
        train(project.project, "v2", data, Recipe())
    assert trainer.works == [] and names(project) == {"v1"}
    made = train(project.project, "v2", data, Recipe(), anyway=True)
    about = json.loads((made.folder / "training.json").read_text())
    assert about["anyway"] == ["49 examples, fine-tuning needs 50 or more"]


@pytest.mark.parametrize(
    "seen",
    ["Say welcome politely.", "say   WELCOME, politely", "Ana, Delta Freight (logistics)"],
    ids=["a guard's case", "another case and punctuation", "the task's own case"],
)
def test_a_benchmark_case_among_the_examples_is_refused_unless_told(
    project: TinyProject, trainer: Trainer, seen: str
) -> None:
    data = few(project, 60, input=seen, output="anything")
    with refused("holds cases of benchmark .*line 61: the input is.*--anyway", DataError):
        train(project.project, "v2", data, Recipe())
    made = train(project.project, "v2", data, Recipe(), anyway=True)
    (said,) = json.loads((made.folder / "training.json").read_text())["anyway"]
    assert said.startswith("holds cases of benchmark")


def test_a_reserve_case_among_the_examples_is_refused_as_well(project: TinyProject) -> None:
    kept = {"id": "more-1", "input": "Ida, Mill Foods (retail)", "ideal": "Hi Ida"}
    project.write_lines("benchmarks/openers/cases.reserve.jsonl", [kept])
    data = few(project, 60, input="ida, mill foods (retail)", output="anything")
    with refused("the input is.*benchmark case openers/more-1", DataError):
        train(project.project, "v2", data, Recipe())


def test_retired_lines_are_kept_and_not_taught_and_new_ones_are_repeated(
    project: TinyProject, trainer: Trainer
) -> None:
    lines = [{"input": f"person {n}", "output": f"Dear {n}"} for n in range(60)]
    old = [line | {"retired": "2026-06-01"} for line in lines[:20]]
    new = [{"input": f"founder {n}", "output": f"Hey {n}", "repeat": 4} for n in range(10)]
    data = project.write_lines("adapters/datasets/voice.jsonl", [*old, *lines[20:], *new])
    made = train(project.project, "v2", data, Recipe())
    taught = [lesson.completion for lesson in trainer.lessons]
    assert len(taught) == 40 + 40
    assert not {line["output"] for line in old} & set(taught)
    assert taught.count("Hey 3") == 4
    about = json.loads((made.folder / "training.json").read_text())["dataset"]
    assert (about["examples"], about["retired"], made.examples) == (70, 20, 50)


def test_a_set_of_retired_lines_teaches_nothing(project: TinyProject, trainer: Trainer) -> None:
    lines = [{"input": f"{n}", "output": "b", "retired": "2026-06-01"} for n in range(60)]
    data = project.write_lines("adapters/datasets/voice.jsonl", lines)
    with pytest.raises(DataError, match="every example is retired"):
        train(project.project, "v2", data, Recipe(), anyway=True)


def test_a_retired_line_is_no_case_that_was_taught(project: TinyProject, trainer: Trainer) -> None:
    case = {"input": CASES[0]["input"], "output": "Dear Ana", "retired": "2026-06-01"}
    lines = [{"input": f"person {n}", "output": f"Hi {n}!"} for n in range(50)]
    data = project.write_lines("adapters/datasets/voice.jsonl", [*lines, case])
    train(project.project, "v2", data, Recipe())
    benchmark = project.project.benchmark(TASK)
    assert find_contamination(project.folder / "adapters", "v2", benchmark).cases == {}


def test_what_begins_is_said_once_the_request_is_known_to_be_right(
    project: TinyProject, trainer: Trainer, data: Path
) -> None:
    said: list[str] = []
    train(project.project, "v2", data, Recipe(), on_stage=said.append)
    assert said == ["50 answers to learn; loading the base, torch and TRL"]
    with refused("exists already"):
        train(project.project, "v2", data, Recipe(), on_stage=said.append)
    assert len(said) == 1


def test_without_trl_the_extra_is_named_and_nothing_is_begun(
    project: TinyProject, trainer: Trainer, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "trl", None)
    with refused(r"^trl is missing: training needs `pip install 'lora-harness\[train\]'`$"):
        train(project.project, "v2", data, Recipe())
    assert trainer.works == []
    assert ".training" not in names(project)
