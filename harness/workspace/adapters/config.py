"""Read `adapter_config.json` with suspicion: PEFT would load much of this with only a warning.

A LoRA for a causal language model is read, with what PEFT can add to one and judge right. All else
is refused by name, with what to do.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import AdapterRefused, reason
from harness.workspace.formats.fields import JsonTable, Table
from harness.workspace.formats.patterns import pattern_fault
from harness.workspace.formats.reading import parse_json, read_text

MAX_RANK = 4096
MAX_ALPHA = 1e6
ALL_LINEAR = "all-linear"
MAX_MODULES = 4096
MAX_TOKENS = 100_000
MODULE = re.compile(r"\w+(\.\w+)*", re.ASCII)
"""A module's name, or its last parts."""
PARENT = "transformers"
"""The library whose classes `auto_mapping` may name."""

HARMLESS = frozenset({
    "base_model_name_or_path", "eva_config", "corda_config", "lora_dropout", "inference_mode",
    "peft_type", "peft_version", "qalora_group_size", "revision", "runtime_config", "task_type",
    "auto_mapping", "lora_ga_config",
})  # fmt: skip
"""Keys that change nothing in loading, or that `_refuse_foreign` checks by value."""
READ = frozenset({
    "r", "lora_alpha", "target_modules", "exclude_modules", "layers_to_transform",
    "layers_pattern", "rank_pattern", "alpha_pattern", "modules_to_save", "bias", "use_rslora",
    "fan_in_fan_out", "init_lora_weights", "loftq_config", "use_dora", "lora_bias",
    "trainable_token_indices", "target_parameters", "ensure_weight_tying",
})  # fmt: skip
MUST_BE_OFF = frozenset({
    "layer_replication", "megatron_config", "megatron_core", "use_qalora",
    "alora_invocation_tokens", "arrow_config", "use_bdlora", "monteclora_config",
    "velora_config", "kasa_config",
})  # fmt: skip
"""Keys that run foreign code, copy layers, or change with the prompt or by chance."""
OFF: tuple[Any, ...] = (None, False, [], {})
UNUSED = {"megatron_core": "megatron.core"}
"""Values that PEFT itself writes for a feature that is not used."""
BIASES = ("none", "all", "lora_only")
STARTS = (True, False, None, "gaussian", "orthogonal", "eva")
"""Values of `init_lora_weights` that leave the base's weights alone when PEFT loads the adapter."""
REDONE = ("pissa", "olora", "loftq")
"""Values at which PEFT changes the base's weights when it loads, the same way each time."""
_CONVERT = "save it with `path_initial_model_for_weight_conversion`, which makes a plain LoRA of it"


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
    alpha_pattern: tuple[str, ...]
    """The patterns that give some modules an alpha of their own."""
    saved: tuple[str, ...]
    """Modules saved whole."""
    parameters: tuple[str, ...] = ()
    """Parameters of the base that are no module's `weight`, such as the experts of a layer."""
    dora: bool = False
    more: tuple[str, ...] = ()
    """What the adapter has besides a plain LoRA, in PEFT's own words."""
    dropped: tuple[str, ...] = ()
    """Keys of a newer PEFT, which the installed one leaves out."""
    named_base: str = ""
    """The base that the adapter was trained on, by its own word."""

    @property
    def patterns(self) -> tuple[str, ...]:
        """The patterns that PEFT will match against the names of the base's modules."""
        whole = [p for p in (self.targets, self.exclude) if isinstance(p, str) and p != ALL_LINEAR]
        ends = (p for p in (*self.rank_pattern, *self.alpha_pattern) if not is_plain(p))
        return (*whole, *(ending(p) for p in ends))


def is_plain(name: str) -> bool:
    """Return whether a key of `rank_pattern` is a module's name and no regular expression."""
    return bool(MODULE.fullmatch(name.removeprefix("^").replace("\\.", ".")))


def ending(pattern: str) -> str:
    """Return the regular expression that PEFT makes of a key of `rank_pattern`."""
    return rf"(.*\.)?({pattern})"


def read_config(path: Path) -> AdapterConfig:
    """Read the configuration of a LoRA adapter; refuse every other kind of adapter."""
    text = read_text(path, AdapterRefused, limit=1024 * 1024)
    table = JsonTable(parse_json(text, path, AdapterRefused), path, text, AdapterRefused)
    # Before the rest: a foreign key explains more than the odd values that may come with it.
    _refuse_foreign(table)
    alpha = table.number("lora_alpha", 8, 0, MAX_ALPHA)
    parameters = _names(table, "target_parameters")
    if isinstance(table.any("target_parameters"), str):
        raise table.fail("`target_parameters` must be a list of names")
    named = table.any("base_model_name_or_path")
    return AdapterConfig(
        r=table.whole("r", 8, 1, MAX_RANK),
        alpha=alpha,
        targets=_modules(table, "target_modules", required=not parameters),
        exclude=_modules(table, "exclude_modules"),
        layers=_layers(table),
        layers_pattern=_names(table, "layers_pattern"),
        rank_pattern=_ranks(table),
        alpha_pattern=tuple(_by_pattern(table, "alpha_pattern").raw),
        saved=_names(table, "modules_to_save"),
        parameters=parameters,
        dora=bool(table.any("use_dora")),
        more=tuple(_more(table)),
        dropped=_dropped(table),
        named_base=named if isinstance(named, str) else "",
    )


def _refuse_foreign(table: Table) -> None:
    if table.any("peft_type") != "LORA":
        raise table.fail(
            f"`peft_type` is {table.any('peft_type')!r}, only LORA can be judged:"
            " PEFT's `save_as_lora` makes a LoRA of many others"
        )
    # PEFT asks for no task: an adapter without one was trained on a causal model too if it fits.
    if table.any("task_type") not in ("CAUSAL_LM", None):
        raise table.fail(f"`task_type` is {table.any('task_type')!r}, only CAUSAL_LM writes texts")
    for key in sorted(MUST_BE_OFF & table.raw.keys()):
        # Types are compared too, since 0 == False: only the listed values are known to be off.
        off = (*OFF, UNUSED.get(key))
        if not any(
            table.raw[key] == unset and type(table.raw[key]) is type(unset) for unset in off
        ):
            raise table.fail(
                f"`{key}` is set, adapters that need it cannot be judged: train a plain LoRA, or"
                " merge it (`merge_and_unload`) and judge the result as a base"
            )
    mapping = table.any("auto_mapping")
    parent = mapping.get("parent_library") if isinstance(mapping, dict) else mapping
    if parent is not None and str(parent).partition(".")[0] != PARENT:
        raise table.fail(
            f"`auto_mapping` is set, adapters that need it cannot be judged: it names code outside"
            f" {PARENT} ({str(parent)[:60]!r})"
        )
    if table.any("bias", "none") not in BIASES:
        raise table.fail(f"`bias` is {table.any('bias')!r}, allowed are {', '.join(BIASES)}")
    _refuse_start(table)


def _refuse_start(table: Table) -> None:
    start = table.any("init_lora_weights", True)
    # `in` alone would take 1 for True
    known = start is None or isinstance(start, bool | str)
    if not known or start not in (*STARTS, *REDONE):
        raise table.fail(
            "`init_lora_weights` changes the base's own weights in a way that PEFT cannot repeat"
            f" when it loads ({str(start)[:40]!r}): {_CONVERT}"
        )


def _more(table: Table) -> list[str]:
    """Return what makes the adapter more than a plain LoRA; its tensors need PEFT's own word."""
    tokens = table.any("trainable_token_indices")
    _refuse_tokens(table, tokens)
    start = table.any("init_lora_weights", True)
    asked = {
        f'bias "{table.any("bias", "none")}"': table.any("bias", "none") != "none",
        f"{start} start": start in REDONE and isinstance(start, str),
        "lora_bias": table.any("lora_bias"),
        "trainable tokens": tokens not in (None, [], {}),
        "target_parameters": table.any("target_parameters"),
        "ensure_weight_tying": table.any("ensure_weight_tying"),
    }
    return [name for name, yes in asked.items() if yes]


def _refuse_tokens(table: Table, tokens: Any) -> None:
    lists = tokens if isinstance(tokens, dict) else {"embed_tokens": tokens or []}
    for name, ids in lists.items():
        if not MODULE.fullmatch(str(name)) or not isinstance(ids, list) or len(ids) > MAX_TOKENS:
            raise table.fail("`trainable_token_indices` must be lists of token ids, by module")
        if not all(type(n) is int and 0 <= n < 10_000_000 for n in ids):
            raise table.fail("`trainable_token_indices` must hold token ids only")


def _dropped(table: Table) -> tuple[str, ...]:
    """Return keys that the installed PEFT leaves out; refuse them where it refuses them."""
    known = HARMLESS | READ | MUST_BE_OFF
    new = {key: value for key, value in table.raw.items() if key not in known}
    if not any(value not in OFF for value in new.values()):
        return ()
    from harness.libraries import quiet_libraries

    quiet_libraries()
    import peft

    kind: Any = peft.LoraConfig  # its class methods are untyped
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of the keys that are returned here
            found = kind.from_peft_type(**kind.check_kwargs(**table.raw))
    except Exception as problem:  # its own checks raise many kinds; all mean: not this config
        raise table.fail(f"the installed PEFT does not take it ({reason(problem)})") from problem
    return tuple(sorted(key for key in new if not hasattr(found, key)))


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
        alphas.number(key, None, 0, MAX_ALPHA)
    ranks = _by_pattern(table, "rank_pattern")
    return {key: ranks.whole(key, 8, 1, MAX_RANK) for key in ranks.raw}


def _by_pattern(table: Table, key: str) -> Table:
    """Return a table from module names, or patterns of them, to numbers."""
    found = Table(table.any(key) or {}, f"{table.at(key)} [{key}]", AdapterRefused)
    if len(found.raw) > MAX_MODULES:
        raise table.fail(f"`{key}` has more than {MAX_MODULES} entries")
    for name in found.raw:
        if not is_plain(name) and (fault := pattern_fault(name)):
            raise table.fail(f"`{key}` has {name[:60]!r}, which is no module name and {fault}")
    return found
