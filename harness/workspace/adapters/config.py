"""Read `adapter_config.json` with suspicion: PEFT would load much of this with only a warning.

Everything that is not known to be a plain LoRA for a causal language model is refused by name.
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
MAX_MODULES = 4096
MODULE = re.compile(r"\w+(\.\w+)*", re.ASCII)
"""A module's name, or its last parts."""

HARMLESS = frozenset({
    "base_model_name_or_path", "bias", "eva_config", "corda_config", "loftq_config",
    "lora_dropout", "ensure_weight_tying", "inference_mode", "init_lora_weights",
    "peft_type", "peft_version", "revision", "runtime_config", "task_type", "use_rslora",
    "fan_in_fan_out",
})  # fmt: skip
"""Keys that change nothing in loading, or that `_refuse_foreign` checks by value."""
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
"""Keys that run foreign code, copy layers, or make the adapter more than a plain LoRA."""
OFF: tuple[Any, ...] = (None, False, [], {})
UNUSED = {"megatron_core": "megatron.core", "qalora_group_size": 16}
"""Values that PEFT itself writes for a feature that is not used."""


@dataclass(frozen=True, slots=True)
class AdapterConfig:
    """The checked configuration of a LoRA."""

    r: int
    alpha: float
    targets: tuple[str, ...] | str
    """Module names, or one pattern (`all-linear` included)."""
    exclude: tuple[str, ...] | str
    layers: tuple[int, ...]
    """Only these layers, empty for all."""
    layers_pattern: tuple[str, ...]
    """The names that the base gives its list of layers; empty for any name."""
    rank_pattern: dict[str, int]
    """The first pattern that matches the end of a module's name gives its rank."""
    saved: tuple[str, ...]
    """Modules saved whole."""


def read_config(path: Path) -> AdapterConfig:
    """Read the configuration of a plain LoRA adapter; refuse every other kind of adapter."""
    text = read_text(path, AdapterRefused, limit=1024 * 1024)
    table = JsonTable(parse_json(text, path, AdapterRefused), path, text, AdapterRefused)
    # Before the rest: a foreign key explains more than the odd values that may come with it.
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
            # Types are compared too, since 0 == False: only the listed values are known to be off.
            off = (*OFF, UNUSED.get(key))
            if not any(value == unset and type(value) is type(unset) for unset in off):
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
        if raw.lower() == ALL_LINEAR:
            return ALL_LINEAR
        if fault := pattern_fault(raw):
            raise table.fail(f"`{key}` {fault}")
        return raw
    if isinstance(raw, list) and (raw or not required):
        return _names(table, key)
    raise table.fail(f"`{key}` must be a list of module names")


def _names(table: Table, key: str) -> tuple[str, ...]:
    # Only plain names pass, because PEFT inserts some of them into regular expressions.
    raw = table.any(key)
    found = [raw] if isinstance(raw, str) else raw or []
    if not isinstance(found, list) or len(found) > MAX_MODULES:
        raise table.fail(f"`{key}` must be a list of at most {MAX_MODULES} module names")
    for name in found:
        if not isinstance(name, str) or not MODULE.fullmatch(name):
            raise table.fail(f"`{key}` has {str(name)[:60]!r}, which is no module name")
    return tuple(found)


def _layers(table: Table) -> tuple[int, ...]:
    raw = table.any("layers_to_transform")
    if raw is None:
        return ()
    found = [raw] if isinstance(raw, int) else raw
    if not isinstance(found, list) or not all(type(n) is int and 0 <= n < 10_000 for n in found):
        raise table.fail("`layers_to_transform` must be a list of layer numbers")
    return tuple(found)


def _ranks(table: Table) -> dict[str, int]:
    # The alphas are checked and dropped: they scale the weights, but decide no shape.
    alphas = _by_pattern(table, "alpha_pattern")
    for key in alphas.raw:
        alphas.number(key, None, -MAX_ALPHA, MAX_ALPHA)
    ranks = _by_pattern(table, "rank_pattern")
    return {key: ranks.whole(key, 8, 1, MAX_RANK) for key in ranks.raw}


def _by_pattern(table: Table, key: str) -> Table:
    """Return a table from module names to numbers, which PEFT would read as patterns."""
    found = Table(table.any(key) or {}, f"{table.at(key)} [{key}]", AdapterRefused)
    if len(found.raw) > MAX_MODULES:
        raise table.fail(f"`{key}` has more than {MAX_MODULES} entries")
    for name in found.raw:
        if not MODULE.fullmatch(str(name).removeprefix("^").replace("\\.", ".")):
            raise table.fail(f"`{key}` has {str(name)[:60]!r}, which is no module name")
    return found
