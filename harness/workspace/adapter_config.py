"""`adapter_config.json` read with suspicion: PEFT would load much of this with only a warning.

What is not known to be a plain LoRA for a causal language model is refused by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import AdapterRefused
from harness.workspace.fields import Table
from harness.workspace.reading import read_json

MAX_RANK = 4096
MAX_ALPHA = 1e6
MAX_PATTERN = 300

HARMLESS = frozenset(
    """base_model_name_or_path bias eva_config corda_config loftq_config lora_bias lora_dropout
    ensure_weight_tying inference_mode init_lora_weights peft_type peft_version
    revision runtime_config task_type use_rslora use_dora fan_in_fan_out""".split()
)
"""Keys that change nothing in loading, or are checked on their own below."""
READ = frozenset(
    """r lora_alpha target_modules exclude_modules layers_to_transform layers_pattern rank_pattern
    alpha_pattern modules_to_save""".split()
)
MUST_BE_OFF = frozenset(
    """auto_mapping layer_replication megatron_config megatron_core trainable_token_indices
    target_parameters qalora_group_size use_qalora alora_invocation_tokens arrow_config use_bdlora
    lora_ga_config monteclora_config velora_config kasa_config""".split()
)
"""Keys that run foreign code, copy layers or need more than the two judged files."""
OFF: tuple[Any, ...] = (None, False, [], {}, "megatron.core", 16)
"""What PEFT itself writes for a feature that is not used."""


@dataclass(frozen=True, slots=True)
class AdapterConfig:
    """What a LoRA's configuration says, within limits."""

    r: int
    alpha: float
    targets: tuple[str, ...] | str
    """Module names, or one pattern (`all-linear` included)."""
    exclude: tuple[str, ...] | str
    layers: tuple[int, ...] | None
    """Only these layers, None for all."""
    rank_pattern: dict[str, int]
    saved: tuple[str, ...]
    """Modules saved whole."""
    base: str | None
    """The base that PEFT noted down; a hint, no proof."""


def read_config(path: Path) -> AdapterConfig:
    """The configuration of a plain LoRA adapter; anything else is refused in one line."""
    raw = read_json(path, AdapterRefused, limit=1024 * 1024)
    table = Table(raw, str(path), AdapterRefused)
    _refuse_foreign(table)
    alpha = table.number("lora_alpha", 8, -MAX_ALPHA, MAX_ALPHA)
    return AdapterConfig(
        r=table.whole("r", 8, 1, MAX_RANK),
        alpha=alpha,
        targets=_modules(table, "target_modules", required=True),
        exclude=_modules(table, "exclude_modules"),
        layers=_layers(table),
        rank_pattern=_ranks(table),
        saved=tuple(table.any("modules_to_save") or ()),
        base=table.any("base_model_name_or_path"),
    )


def _refuse_foreign(table: Table) -> None:
    if table.any("peft_type") != "LORA":
        raise table.fail(f"`peft_type` is {table.any('peft_type')!r}, only LORA can be judged")
    if table.any("task_type") != "CAUSAL_LM":
        raise table.fail(f"`task_type` is {table.any('task_type')!r}, only CAUSAL_LM writes texts")
    for key, value in table.raw.items():
        if key in MUST_BE_OFF:
            if not any(value == off and type(value) is type(off) for off in OFF):
                raise table.fail(f"`{key}` is set, adapters that need it cannot be judged")
        elif key not in HARMLESS | READ:
            raise table.fail(f"unknown key `{key}`, PEFT would drop it with only a warning")
    if table.any("init_lora_weights", True) not in (True, False, "gaussian", "orthogonal"):
        raise table.fail(
            "`init_lora_weights` changes the base's own weights, convert the adapter to plain LoRA"
        )


def _modules(table: Table, key: str, required: bool = False) -> tuple[str, ...] | str:
    raw = table.any(key)
    if raw is None and not required:
        return ()
    if isinstance(raw, str) and raw:
        return raw if raw == "all-linear" else _pattern(table, key, raw)
    if isinstance(raw, list) and raw and all(isinstance(name, str) and name for name in raw):
        return tuple(raw)
    raise table.fail(f"`{key}` must be a list of module names")


def _pattern(table: Table, key: str, pattern: str) -> str:
    """A pattern that PEFT's own matching can never hang on."""
    nested = re.search(r"[*+}]\)?\s*[*+{]|\([^()]*[*+][^()]*\)[*+{]", pattern)
    if len(pattern) > MAX_PATTERN or nested:
        raise table.fail(f"`{key}` is a pattern that could run for ever, list the modules instead")
    try:
        re.compile(pattern)
    except re.error as problem:
        raise table.fail(f"`{key}` is not a pattern ({problem})") from None
    return pattern


def _layers(table: Table) -> tuple[int, ...] | None:
    raw = table.any("layers_to_transform")
    if raw is None:
        return None
    found = [raw] if isinstance(raw, int) else raw
    if not isinstance(found, list) or not all(type(n) is int and 0 <= n < 10_000 for n in found):
        raise table.fail("`layers_to_transform` must be a list of layer numbers")
    return tuple(found)


def _ranks(table: Table) -> dict[str, int]:
    raw = table.any("rank_pattern") or {}
    ranks = Table(raw, f"{table.where} rank_pattern", AdapterRefused)
    found = {key: ranks.whole(key, 8, 1, MAX_RANK) for key in ranks.raw}
    for key in found:
        _pattern(table, "rank_pattern", key)
    for key, value in Table(table.any("alpha_pattern") or {}, "alpha_pattern", AdapterRefused).raw.items():
        _pattern(table, "alpha_pattern", key)
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > MAX_ALPHA:
            raise table.fail(f"`alpha_pattern` of {key!r} is no number within {MAX_ALPHA:g}")
    return found
