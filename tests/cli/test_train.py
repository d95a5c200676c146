"""`lora-harness train`: options in, one adapter and one line of what next out."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from harness.engines.trainer import Recipe
from harness.flows.training import train as flow
from tests.cli.conftest import Type
from tests.fakes.adapters import TinyAdapter
from tests.fakes.project import TinyProject


@pytest.fixture
def recipes(project: TinyProject, monkeypatch: pytest.MonkeyPatch) -> list[Recipe]:
    """Every recipe that was trained with; the training itself is a stand-in."""
    used: list[Recipe] = []

    def trainer(
        base: Path, lessons: object, recipe: Recipe, work: Path, parent: object, heard: object,
        quantize: str,
    ) -> list[float]:  # fmt: skip
        used.append(recipe)
        heard(1, 2, 1.5)  # type: ignore[operator]
        TinyAdapter(work, "adapter", project.base).write()
        return [1.5, 0.25] if recipe.epochs > 1 else []

    monkeypatch.setattr(flow, "train_lora", trainer)
    project.write_lines("data.jsonl", [{"input": f"a {n}", "output": "b"} for n in range(50)])
    return used


def test_the_next_step_is_said(typed: Type, recipes: list[Recipe]) -> None:
    found = typed("train", "v2", "--data", "data.jsonl")
    assert found.code == 0
    assert found.out == "v2: 50 examples in 0 s, loss 1.500 to 0.250\nnext  pytest --model v2\n"
    assert found.err == (
        "v2: 50 answers to learn; loading the base, torch and TRL\n"
        "step 1/2  loss 1.5000\n"
        "note  its origin is not stated: `lora-harness data origin data.jsonl`\n"
    )
    assert recipes == [Recipe()]


def test_a_training_too_short_for_a_loss_is_no_error(typed: Type, recipes: list[Recipe]) -> None:
    found = typed("train", "v2", "--data", "data.jsonl", "--epochs", "0.5")
    assert found.code == 0
    assert found.out.endswith("next  pytest --model v2\n")


def test_options_become_the_recipe(typed: Type, recipes: list[Recipe]) -> None:
    found = typed(
        *("train", "v2", "--data", "data.jsonl", "--rank", "4", "--alpha", "8", "--epochs", "2"),
        *("--targets", "q_proj,v_proj", "--learning-rate", "0.001", "--batch", "2", "--seed", "5"),
        *("--dropout", "0.1", "--json"),
    )
    assert found.code == 0
    assert set(found.json) == {
        *("name", "folder", "digest", "examples", "losses", "seconds", "format", "origin")
    }
    assert set(found.json["origin"].values()) == {"not stated"}
    assert recipes == [
        Recipe(
            rank=4, alpha=8, epochs=2.0, targets="q_proj,v_proj", learning_rate=0.001, batch=2,
            seed=5, dropout=0.1,
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [("--rank", "0"), ("--epochs", "-1"), ("--seed", "x"), ("--dropout", "1")]
)
def test_numbers_have_limits(typed: Type, recipes: list[Recipe], wrong: tuple[str, str]) -> None:
    found = typed("train", "v2", "--data", "data.jsonl", *wrong)
    assert found.code == 4
    assert wrong[0] in found.line
    assert recipes == []


def test_a_name_that_is_taken_is_refused(
    project: TinyProject, typed: Type, recipes: list[Recipe]
) -> None:
    project.adapter("v2").write()
    assert "exists already" in typed("train", "v2", "--data", "data.jsonl").line


def test_a_recipe_gives_the_defaults_and_typed_options_go_first(
    project: TinyProject, typed: Type, recipes: list[Recipe]
) -> None:
    project.write("r.toml", "learning_rate = 0.05\nalpha = 1\nepochs = 1\n")
    words = ("train", "v2", "--data", "data.jsonl", "--epochs", "2", "--recipe", "r.toml")
    assert typed(*words).code == 0
    assert recipes == [Recipe(learning_rate=0.05, alpha=1, epochs=2.0)]


def test_a_recipe_that_means_nothing_is_refused_before_training(
    project: TinyProject, typed: Type, recipes: list[Recipe]
) -> None:
    project.write("r.toml", "alpa = 1\n")
    found = typed("train", "v2", "--data", "data.jsonl", "--recipe", "r.toml")
    assert (found.code, recipes) == (4, [])
    assert "r.toml:1: unknown key `alpa`" in found.err


def test_at_a_terminal_the_origin_is_asked_for_once(
    project: TinyProject, typed: Type, recipes: list[Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["our own calls", "Ana", "", "", "", "no", "yes", ""])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "prompt", lambda *said, **how: next(answers))
    assert typed("train", "v2", "--data", "data.jsonl").code == 0
    card = (project.folder / "data.origin.toml").read_text()
    assert card == (
        'source = "our own calls"\nowner = "Ana"\n'
        "third_party_copy = false\ncontains_personal_data = true\n"
    )
    about = json.loads((project.folder / "adapters/v2/training.json").read_text())
    assert about["origin"] == {
        "source": "our own calls", "owner": "Ana", "licence": "not stated",
        "consent": "not stated", "lawful_basis": "not stated", "third_party_copy": False,
        "contains_personal_data": True, "retention": "not stated",
    }  # fmt: skip
    assert typed("train", "v3", "--data", "data.jsonl").code == 0, "nothing is left to be asked"
    assert len(recipes) == 2
