"""A recipe file is read whole or refused in one line."""

from pathlib import Path

import pytest

from harness.errors import DataError
from harness.workspace.project.recipes import NUMBERS, TEXTS, WHOLE, read_recipe
from tests.fakes.refusals import refused

SHIPPED = Path(__file__).resolve().parents[3] / "adapters" / "recipes"


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.toml")), ids=lambda file: file.stem)
def test_a_shipped_recipe_can_be_read(file):
    assert read_recipe(file)["learning_rate"] > 0


def test_what_it_leaves_out_is_left_out(tmp_path):
    (tmp_path / "r.toml").write_text('epochs = 2\ntargets = "q_proj"\n')
    assert read_recipe(tmp_path / "r.toml") == {"epochs": 2.0, "targets": "q_proj"}


def test_everything_that_it_knows_is_an_ingredient_of_a_training():
    from harness.engines.trainer import Recipe

    assert {*WHOLE, *NUMBERS, *TEXTS} <= set(Recipe.__dataclass_fields__)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("alpa = 1", "unknown key `alpa`, did you mean `alpha`"),
        ("alpha = 0", "`alpha` is 0, allowed are 1 to 4096"),
        ('epochs = "two"', "`epochs` is"),
        ("learning_rate = nan", "`learning_rate` is nan"),
        ("rank = ", ":1: is not TOML"),
    ],
)
def test_what_means_nothing_is_refused(tmp_path, text, said):
    (tmp_path / "r.toml").write_text(text)
    with refused(said, DataError):
        read_recipe(tmp_path / "r.toml")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with refused("r.toml", DataError):
        read_recipe(tmp_path / "r.toml")
