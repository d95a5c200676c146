"""`adapter_config.json` read with suspicion: PEFT would load much of this with only a warning.

What is not known to be a plain LoRA for a causal language model is refused by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import AdapterRefused
from harness.workspace.formats.fields import JsonTable, Table
from harness.workspace.formats.patterns import pattern_fault
from harness.workspace.formats.reading import parse_json, read_text

MAX_RANK = 4096
MAX_ALPHA = 1e6
ALL_LINEAR = "all-linear"
MAXMODULES = 4096
MODULE = re.compile(r"\w+(\.\w+)*", re.ASCII)
"""A module, or the last parts of its name."""

HARMLESS = frozenset({
    "base_model_name_or_path", "bias", "eva_config", "corda_config", "loftq_config",
    "lora_dropout", "ensure_weight_tying", "inference_mode", "init_lora_weights",
    "peft_type", "peft_version", "revision", "runtime_config", "task_type", "use_rslora",
    "fan_in_fan_out",
})  # fmt: skip
"""Keys that change nothing in loading, or are checked on their own below."""
READ = frozenset({
    "r", "lora_alpha", "target_modules", "exclude_modules", "layers_to_transform",
    "layers_pattern", "rank_pattern", "alpha_pattern", "modules_to_save",
})  # fmt: skip
MUST_BE_OFF = frozenset({
    "auto_mapping", "layer_replication", "lora_bias", "megatron_config", "megatron_core",
    "trainable_token_indices", "target_parameters", "qalora_group_size", "use_qalora",
    "alora_invocation_tokens", "arrow_config", "use_bdlora", "lora_ga_config",
    "monteclora_config", "velora_config", "kasa_config", "use_dora",
})  # fmt: skip
"""Keys that run foreign code, copy layers, or make more of it than a plain LoRA."""
OFF: tuple[Any, ...] = (None, False, [], {})
UNUSED = {"megatron_core": "megatron.core", "qalora_group_size": 16}
"""What PEFT itself writes for a feature that is not used."""


@dataclass(frozen=True, slots=True)
class AdapterConfig:
    """What a LoRA's configuration says, within limits."""

    r: int
    alpha: float
    targets: tuple[str, ...] | str
    """Module names, or one pattern (`all-linear` included)."""
    exclude: tuple[str, ...] | str
    layers: tuple[int, ...]
    """Only these layers, empty for all."""
    layers_pattern: tuple[str, ...]
    """What the list of layers is called in the base; empty for any name."""
    rank_pattern: dict[str, int]
    """The first pattern that matches the end of a module's name gives its rank."""
    saved: tuple[str, ...]
    """Modules saved whole."""


def read_config(path: Path) -> AdapterConfig:
    """The configuration of a plain LoRA adapter; anything else is refused in one line."""
    text = read_text(path, AdapterRefused, limit=1024 * 1024)
    table = JsonTable(parse_json(text, path, AdapterRefused), path, text, AdapterRefused)
    _refuse_foreign(table)
    alpha = table.number("lora_alpha", 8, -MAX_ALPHA, MAX_ALPHA)
    return AdapterConfig(
        r=table.whole("r", 8, 1, MAX_RANK),
        alpha=alpha,
        targets=_modules(table, "target_modules", required=True),
        exclude=_modules(table, "exclude_modules"),
        layers=_layers(table),
        layers_pattern=_names(table, "layers_pattern"),
        rank_pattern=_ranks(table),
        saved=_names(table, "modules_to_save"),
    )


def _refuse_foreign(table: Table) -> None:
    if table.any("peft_type") != "LORA":
        raise table.fail(f"`peft_type` is {table.any('peft_type')!r}, only LORA can be judged")
    if table.any("task_type") != "CAUSAL_LM":
        raise table.fail(f"`task_type` is {table.any('task_type')!r}, only CAUSAL_LM writes texts")
    for key, value in table.raw.items():
        if key in MUST_BE_OFF:
            off = (*OFF, UNUSED.get(key))
            if not any(value == one and type(value) is type(one) for one in off):
                raise table.fail(f"`{key}` is set, adapters that need it cannot be judged")
        elif key not in HARMLESS | READ:
            raise table.fail(f"unknown key `{key}`, PEFT would drop it with only a warning")
    if table.any("bias", "none") != "none":
        raise table.fail('`bias` trains the base\'s own weights, only "none" is a plain LoRA')
    if table.any("init_lora_weights", True) not in (True, False, "gaussian", "orthogonal"):
        raise table.fail(
            "`init_lora_weights` changes the base's own weights, convert the adapter to plain LoRA"
        )


def _modules(table: Table, key: str, required: bool = False) -> tuple[str, ...] | str:
    raw = table.any(key)
    if raw is None and not required:
        return ()
    if isinstance(raw, str) and raw:
        return ALL_LINEAR if raw.lower() == ALL_LINEAR else _pattern(table, key, raw)
    if isinstance(raw, list) and (raw or not required):
        return _names(table, key)
    raise table.fail(f"`{key}` must be a list of module names")


def _names(table: Table, key: str) -> tuple[str, ...]:
    """Plain names: PEFT puts some of them into patterns of its own."""
    raw = table.any(key)
    found = [raw] if isinstance(raw, str) else raw or []
    if not isinstance(found, list) or len(found) > MAXMODULES:
        raise table.fail(f"`{key}` must be a list of at most {MAXMODULES} module names")
    for name in found:
        if not isinstance(name, str) or not MODULE.fullmatch(name):
            raise table.fail(f"`{key}` has {str(name)[:60]!r}, which is no module name")
    return tuple(found)


def _pattern(table: Table, key: str, pattern: str) -> str:
    fault = pattern_fault(pattern)
    if fault:
        raise table.fail(f"`{key}` {fault}")
    return pattern


def _layers(table: Table) -> tuple[int, ...]:
    raw = table.any("layers_to_transform")
    if raw is None:
        return ()
    found = [raw] if isinstance(raw, int) else raw
    if not isinstance(found, list) or not all(type(n) is int and 0 <= n < 10_000 for n in found):
        raise table.fail("`layers_to_transform` must be a list of layer numbers")
    return tuple(found)


def _ranks(table: Table) -> dict[str, int]:
    alphas = _by_pattern(table, "alpha_pattern")
    for key in alphas.raw:
        alphas.number(key, None, -MAX_ALPHA, MAX_ALPHA)
    ranks = _by_pattern(table, "rank_pattern")
    return {key: ranks.whole(key, 8, 1, MAX_RANK) for key in ranks.raw}


def _by_pattern(table: Table, key: str) -> Table:
    """A table from names to numbers; PEFT reads the names as patterns, plain ones are enough."""
    found = Table(table.any(key) or {}, f"{table.at(key)} [{key}]", AdapterRefused)
    if len(found.raw) > MAXMODULES:
        raise table.fail(f"`{key}` has more than {MAXMODULES} entries")
    for name in found.raw:
        if not MODULE.fullmatch(str(name).removeprefix("^").replace("\\.", ".")):
            raise table.fail(f"`{key}` has {str(name)[:60]!r}, which is no module name")
    return found
