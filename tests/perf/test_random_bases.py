"""Random bases have the shapes whose names they bear, and are chosen by a word."""

from __future__ import annotations

from pathlib import Path

import pytest
from random_bases import SHAPES, TINY, Shape, chosen, write_settings

SIZES = {
    "SmolLM2-135M": 135e6,
    "SmolLM2-360M": 362e6,
    "Qwen2.5-0.5B": 494e6,
    "Llama-3.2-1B": 1236e6,
    "Qwen3-1.7B": 1721e6,
}
"""Parameters as their model cards have them."""


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_shape_has_as_many_weights_as_the_base_that_it_is_named_after(shape: Shape) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(
            AutoConfig.for_model(shape.model_type, **shape.config)
        )
    count = sum(values.numel() for values in model.parameters())
    assert count == pytest.approx(SIZES[shape.name], rel=0.01)


def test_shapes_are_chosen_by_any_part_of_their_names() -> None:
    assert [shape.name for shape in chosen(["qwen", "1b"])] == [
        "Qwen2.5-0.5B", "Llama-3.2-1B", "Qwen3-1.7B",
    ]  # fmt: skip
    assert chosen(["tiny"]) == [TINY]
    assert chosen([]) == list(SHAPES)


def test_an_unknown_shape_is_refused_with_the_names_that_there_are() -> None:
    with pytest.raises(SystemExit, match=r"no shape has gemma in its name; there are tiny, Smol"):
        chosen(["gemma"])


def test_settings_are_those_of_a_project_whose_base_lies_beside_them(tmp_path: Path) -> None:
    from harness.workspace.project.settings import read_settings

    write_settings(tmp_path, 17)
    (tmp_path / "base").mkdir()
    settings = read_settings(tmp_path)
    assert settings.generation.max_new_tokens == 17
    assert settings.generation.dtype == "bfloat16"
