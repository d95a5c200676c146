"""A base's config names no more than a model can have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import WeightsError
from harness.workspace.base.config_limits import refuse_absurd


def written(folder: Path, config: dict[str, Any]) -> Path:
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "config",
    [
        {"num_hidden_layers": 10**9},
        {"n_layer": 10**9},
        {"num_local_experts": 10**6},
        {"num_attention_heads": 10**9},
        {"layer_types": ["x"] * 10_001},
        {"vocab_size": 10**12},
        {"hidden_size": 10**15},
        {"text_config": {"num_hidden_layers": 10**9}},
        {"max_position_embeddings": 10**15},
    ],
    ids=str,
)
def test_a_number_that_no_model_has_is_refused_with_its_key(
    config: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(WeightsError, match=r"config\.json:\d+: `\w+` is [\d,]+, at most"):
        refuse_absurd(written(tmp_path, config))


def test_a_large_model_is_read(tmp_path: Path) -> None:
    sizes = {"num_hidden_layers": 200, "vocab_size": 262_144, "max_position_embeddings": 10_485_760}
    experts = {"num_experts": 512, "shared_expert_intermediate_size": 20_480, "head_dim": 512}
    refuse_absurd(written(tmp_path, sizes | experts | {"rope_theta": 1e9, "other": 10**30}))
