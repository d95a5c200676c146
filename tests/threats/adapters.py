"""Adapters and their names: files that PEFT would load with a warning, and invalid names."""
# ruff: noqa: E501 - the lines are quoted exactly

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from harness.workspace.formats.names import CLIENT, RULE
from tests.fakes.adapters import TinyAdapter
from tests.fakes.project import TinyProject
from tests.threats.row import Row, nothing, text

ASK = ("evaluate", "v1", "--engine", "transformers")
WEIGHTS = "adapters/v1/adapter_model.safetensors"
CONFIG = "adapters/v1/adapter_config.json"


def row(name: str, change: Callable[[TinyAdapter], object], line: str = "", **more: Any) -> Row:
    """Return a row for a sound adapter that is changed before it is written."""

    def make(project: TinyProject) -> None:
        adapter = project.adapter("v1")
        change(adapter)
        adapter.write()

    return Row(f"adapter: {name}", make, ASK, line, **more)


def after(name: str, change: Callable[[TinyProject], object], line: str = "", **more: Any) -> Row:
    """Return a row for a sound adapter whose files are changed afterwards."""

    def make(project: TinyProject) -> None:
        project.adapter("v1").write()
        change(project)

    return Row(f"adapter: {name}", make, ASK, line, **more)


def config(name: str, line: str = "", **changed: Any) -> Row:
    return row(name, lambda adapter: adapter.config.update(changed), line)


def raw_config(name: str, content: str | bytes, line: str = "") -> Row:
    return after(name, text(CONFIG, content), line)


def header(table: Any, data: bytes = b"", length: int | None = None) -> bytes:
    raw = table if isinstance(table, bytes) else json.dumps(table).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def weights(name: str, content: bytes, line: str = "") -> Row:
    return after(name, text(WEIGHTS, content), line)


def every(adapter: TinyAdapter, side: str, value: float) -> None:
    for name in adapter.tensors:
        if f"lora_{side}" in name:
            adapter.tensors[name] = np.full_like(adapter.tensors[name], value)


def first(adapter: TinyAdapter) -> str:
    return next(iter(adapter.tensors))


def renamed(adapter: TinyAdapter) -> None:
    adapter.tensors = {n.replace("self_attn", "attn"): t for n, t in adapter.tensors.items()}


def without_prefix(adapter: TinyAdapter) -> None:
    adapter.tensors = {n.removeprefix("base_model.model."): t for n, t in adapter.tensors.items()}


def half(adapter: TinyAdapter) -> None:
    names = sorted(adapter.tensors)
    adapter.tensors = {name: adapter.tensors[name] for name in names[: len(names) // 2]}


def one_lost(adapter: TinyAdapter) -> None:
    del adapter.tensors[first(adapter)]


def none(adapter: TinyAdapter) -> None:
    adapter.tensors = {}


def hidden(adapter: TinyAdapter) -> None:
    adapter.tensors[first(adapter)][0, 0] = np.nan


def integers(adapter: TinyAdapter) -> None:
    adapter.tensors[first(adapter)] = adapter.tensors[first(adapter)].astype(np.int64)


def other_base(adapter: TinyAdapter) -> None:
    assert adapter.training is not None
    adapter.training["base"]["digest"] = "0" * 64


def cut(project: TinyProject) -> None:
    file = project.folder / WEIGHTS
    os.truncate(file, file.stat().st_size - 7)


def swapped_for(what: str) -> Callable[[TinyProject], object]:
    def change(project: TinyProject) -> None:
        file = project.folder / WEIGHTS
        shutil.move(file, file.with_name(what))

    return change


def beside(name: str, content: bytes = b"x") -> Callable[[TinyProject], object]:
    return text(f"adapters/v1/{name}", content)


def linked(project: TinyProject) -> None:
    file = project.folder / WEIGHTS
    away = project.folder.parent / "weights.safetensors"
    shutil.move(file, away)
    file.symlink_to(away)


def linked_folder(project: TinyProject) -> None:
    folder = project.folder / "adapters/v1"
    away = project.folder.parent / "v1"
    shutil.move(folder, away)
    folder.symlink_to(away)


def pipe(place: str) -> Callable[[TinyProject], object]:
    def change(project: TinyProject) -> None:
        (project.folder / place).unlink(missing_ok=True)
        os.mkfifo(project.folder / place)

    return change


def named(name: str, line: str = "", **more: Any) -> Row:
    shown = name if len(name) < 60 else f"{name[:20]}…"
    quoted = ascii(name) if len(name) < 78 else f"'{'x' * 76}...'"
    line = line or f"{quoted} is not an adapter name: {RULE}, {CLIENT}"
    return Row(f"name: {shown!r}", nothing, ("evaluate", name), line, **more)


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n"
ONE = {"base_model.model.x.lora_A.weight": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}

ROWS = [
    row(
        "keys that do not match the base",
        renamed,
        line="v1: the key base_model.model.model.layers.0.attn.q_proj.lora_A.weight does not belong to the base",
    ),
    row(
        "keys without their prefix",
        without_prefix,
        line="v1: the key model.layers.0.self_attn.q_proj.lora_A.weight does not belong to the base",
    ),
    row(
        "half of the tensors",
        half,
        line="v1: 2 of 4 targeted modules have no tensors, such as model.layers.1.self_attn.q_proj",
    ),
    row(
        "one tensor lost",
        one_lost,
        line="v1: model.layers.0.self_attn.q_proj has only one of its two LoRA tensors",
    ),
    row("no tensor", none, line="v1: adapter_model.safetensors holds no tensor"),
    row(
        "an all-zero lora_B",
        lambda a: every(a, "B", 0.0),
        line="v1: every lora_B is zero, so the adapter changes nothing",
    ),
    row(
        "an all-zero lora_A",
        lambda a: every(a, "A", 0.0),
        line="v1: every lora_A is zero, so the adapter changes nothing",
    ),
    row(
        "NaN weights",
        hidden,
        line="v1: base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight holds NaN or infinity",
    ),
    row(
        "infinite weights",
        lambda a: every(a, "A", np.inf),
        line="v1: base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight holds NaN or infinity",
    ),
    row(
        "whole numbers as weights",
        integers,
        line="v1: base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight is I64, floats are needed",
    ),
    row(
        "weights of another rank",
        lambda a: a.config.update(r=4),
        line="v1: base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight has shape [2, 8], rank and base need [4, 8]",
    ),
    row(
        "another base of the same shapes",
        other_base,
        line="v1: was trained on another base (000000000000, not 1d0cdce198d2), point `base` at that one",
    ),
    row(
        "modules that are not targeted",
        lambda a: a.config.update(target_modules=["q_proj"]),
        line="v1: model.layers.0.self_attn.v_proj has tensors but `target_modules` leaves it out, PEFT would drop them",
    ),
    config(
        "lora_alpha of 1e308",
        lora_alpha=1e308,
        line="HERE/adapters/v1/adapter_config.json:1: `lora_alpha` is 1e+308, allowed are 0 to 1e+06",
    ),
    config(
        "lora_alpha of 0",
        lora_alpha=0,
        line="v1: `lora_alpha` is 0, so the adapter changes nothing",
    ),
    config(
        "lora_alpha that is true",
        lora_alpha=True,
        line="HERE/adapters/v1/adapter_config.json:1: `lora_alpha` is true/false, a number is needed",
    ),
    config(
        "lora_alpha that is a text",
        lora_alpha="16",
        line="HERE/adapters/v1/adapter_config.json:1: `lora_alpha` is a text, a number is needed",
    ),
    config(
        "r of 200,000,000",
        r=200_000_000,
        line="HERE/adapters/v1/adapter_config.json:1: `r` is 200000000, allowed are 1 to 4096",
    ),
    config(
        "r of 0",
        r=0,
        line="HERE/adapters/v1/adapter_config.json:1: `r` is 0, allowed are 1 to 4096",
    ),
    config(
        "r of -1",
        r=-1,
        line="HERE/adapters/v1/adapter_config.json:1: `r` is -1, allowed are 1 to 4096",
    ),
    config(
        "r of 2.0",
        r=2.0,
        line="HERE/adapters/v1/adapter_config.json:1: `r` is a number, a whole number is needed",
    ),
    config(
        "r that is true",
        r=True,
        line="HERE/adapters/v1/adapter_config.json:1: `r` is true/false, a whole number is needed",
    ),
    config(
        "r of 40 digits",
        r=10**39,
        line="HERE/adapters/v1/adapter_config.json:1: `r` is 1000000000000000000000000000000000000000, allowed are 1 to 4096",
    ),
    config(
        "a catastrophic pattern of targets",
        target_modules="(a+)+$",
        line="HERE/adapters/v1/adapter_config.json:1: `target_modules` is a pattern that could run for ever, list the modules instead",
    ),
    config(
        "a slow pattern of targets",
        target_modules=".*" * 60 + "!",
        line="v1: the pattern in `target_modules` runs for ever, list the modules instead",
    ),
    config(
        "a pattern of targets that is none",
        target_modules="(q_proj",
        line="HERE/adapters/v1/adapter_config.json:1: `target_modules` is not a pattern (missing ), unterminated subpattern at position 0)",
    ),
    config(
        "a pattern of 4,097 letters",
        target_modules="a" * 4097,
        line="HERE/adapters/v1/adapter_config.json:1: `target_modules` is a pattern that could run for ever, list the modules instead",
    ),
    config(
        "a pattern unrolled",
        target_modules="a{65535}b{65535}",
        line="v1: model.layers.0.self_attn.q_proj has tensors but `target_modules` leaves it out, PEFT would drop them",
    ),
    config(
        "no targets",
        target_modules=None,
        line="HERE/adapters/v1/adapter_config.json:1: `target_modules` must be a list of module names",
    ),
    config(
        "empty targets",
        target_modules=[],
        line="HERE/adapters/v1/adapter_config.json:1: `target_modules` must be a list of module names",
    ),
    config(
        "targets that are numbers",
        target_modules=[1],
        line="HERE/adapters/v1/adapter_config.json:1: `target_modules` has '1', which is no module name",
    ),
    config(
        "a target that is a pattern",
        target_modules=["q_proj", ".*"],
        line="HERE/adapters/v1/adapter_config.json:1: `target_modules` has '.*', which is no module name",
    ),
    config(
        "a target with a line feed",
        target_modules=["q_proj\n"],
        line="HERE/adapters/v1/adapter_config.json:1: `target_modules` has 'q_proj\\n', which is no module name",
    ),
    config(
        "5,000 targets",
        target_modules=["q_proj"] * 5000,
        line="HERE/adapters/v1/adapter_config.json:1: `target_modules` must be a list of at most 4096 module names",
    ),
    config(
        "a rank pattern that is a pattern",
        rank_pattern={"(a+)+$": 4},
        line="HERE/adapters/v1/adapter_config.json:1: `rank_pattern` has '(a+)+$', which is no module name and is a pattern that could run for ever, list the modules instead",
    ),
    config(
        "a rank pattern that is a list",
        rank_pattern=["q_proj"],
        line="HERE/adapters/v1/adapter_config.json:1 [rank_pattern]: is a list, a table of keys and values is needed",
    ),
    config(
        "an alpha pattern of 1e308",
        alpha_pattern={"q_proj": 1e308},
        line="HERE/adapters/v1/adapter_config.json:1 [alpha_pattern]: `q_proj` is 1e+308, allowed are 0 to 1e+06",
    ),
    config(
        "layers that are texts",
        layers_to_transform=["0"],
        line="HERE/adapters/v1/adapter_config.json:1: `layers_to_transform` must be a list of layer numbers",
    ),
    config(
        "a layer of 10**12",
        layers_to_transform=[10**12],
        line="HERE/adapters/v1/adapter_config.json:1: `layers_to_transform` must be a list of layer numbers",
    ),
    config(
        "a pattern of layers",
        layers_to_transform=[0],
        layers_pattern="(a+)+$",
        line="HERE/adapters/v1/adapter_config.json:1: `layers_pattern` has '(a+)+$', which is no module name",
    ),
    config(
        "modules saved by a pattern",
        modules_to_save=["(a+)+$"],
        line="HERE/adapters/v1/adapter_config.json:1: `modules_to_save` has '(a+)+$', which is no module name",
    ),
    config(
        "layer_replication of thousands",
        layer_replication=[[0, 2]] * 3000,
        line="HERE/adapters/v1/adapter_config.json:1: `layer_replication` is set, adapters that need it cannot be judged: train a plain LoRA, or merge it (`merge_and_unload`) and judge the result as a base",
    ),
    config(
        "an auto_mapping to a local module",
        auto_mapping={"base_model_class": "x", "parent_library": "evil"},
        line="HERE/adapters/v1/adapter_config.json:1: `auto_mapping` is set, adapters that need it cannot be judged: it names code outside transformers ('evil')",
    ),
    config(
        "a key that PEFT leaves out, beside a fault",
        trust_remote_code=True,
        r=0,
        line="HERE/adapters/v1/adapter_config.json:1: `r` is 0, allowed are 1 to 4096",
    ),
    config(
        "a task type that is no causal LM",
        task_type="SEQ_CLS",
        line="HERE/adapters/v1/adapter_config.json:1: `task_type` is 'SEQ_CLS', only CAUSAL_LM writes texts",
    ),
    config(
        "a task type that is a list",
        task_type=["CAUSAL_LM"],
        line="HERE/adapters/v1/adapter_config.json:1: `task_type` is ['CAUSAL_LM'], only CAUSAL_LM writes texts",
    ),
    config(
        "another kind of adapter",
        peft_type="PREFIX_TUNING",
        line="HERE/adapters/v1/adapter_config.json:1: `peft_type` is 'PREFIX_TUNING', only LORA can be judged: PEFT's `save_as_lora` makes a LoRA of many others",
    ),
    config(
        "no kind of adapter",
        peft_type=None,
        line="HERE/adapters/v1/adapter_config.json:1: `peft_type` is None, only LORA can be judged: PEFT's `save_as_lora` makes a LoRA of many others",
    ),
    config(
        "DoRA without its magnitudes",
        use_dora=True,
        line="v1: model.layers.0.self_attn.q_proj has no lora_magnitude_vector, which `use_dora` needs",
    ),
    config(
        "a bias of no kind",
        bias="some",
        line="HERE/adapters/v1/adapter_config.json:1: `bias` is 'some', allowed are none, all, lora_only",
    ),
    config(
        "an initialisation that changes the base",
        init_lora_weights="corda",
        line="HERE/adapters/v1/adapter_config.json:1: `init_lora_weights` changes the base's own weights in a way that PEFT cannot repeat when it loads ('corda'): save it with `path_initial_model_for_weight_conversion`, which makes a plain LoRA of it",
    ),
    config(
        "an initialisation that is a list",
        init_lora_weights=["gaussian"],
        line="HERE/adapters/v1/adapter_config.json:1: `init_lora_weights` changes the base's own weights in a way that PEFT cannot repeat when it loads (\"['gaussian']\"): save it with `path_initial_model_for_weight_conversion`, which makes a plain LoRA of it",
    ),
    config(
        "a megatron config",
        megatron_config={"x": 1},
        megatron_core="os",
        line="HERE/adapters/v1/adapter_config.json:1: `megatron_config` is set, adapters that need it cannot be judged: train a plain LoRA, or merge it (`merge_and_unload`) and judge the result as a base",
    ),
    config(
        "tokens trained beside that are none",
        trainable_token_indices=[-1],
        line="HERE/adapters/v1/adapter_config.json:1: `trainable_token_indices` must hold token ids only",
    ),
    config(
        "a pattern of parameters as target",
        target_parameters=["(a+)+$"],
        line="HERE/adapters/v1/adapter_config.json:1: `target_parameters` has '(a+)+$', which is no module name",
    ),
    raw_config(
        "a config that is no JSON",
        "{",
        line="HERE/adapters/v1/adapter_config.json:1: is not JSON (Expecting property name enclosed in double quotes at column 2)",
    ),
    raw_config(
        "a config that is a list",
        "[]",
        line="HERE/adapters/v1/adapter_config.json:1: is a list, a table of keys and values is needed",
    ),
    raw_config(
        "a config with a key twice",
        '{"r": 2, "r": 4}',
        line="HERE/adapters/v1/adapter_config.json:1: key 'r' stands twice, once is allowed",
    ),
    raw_config(
        "a config with NaN",
        '{"r": NaN}',
        line="HERE/adapters/v1/adapter_config.json:1: NaN is not a number that JSON knows",
    ),
    raw_config(
        "a config of 100,000 levels",
        "[" * 100_000,
        line="HERE/adapters/v1/adapter_config.json:1: is nested deeper than 64 levels",
    ),
    raw_config(
        "a config of 5,000 digits",
        '{"r": ' + "9" * 5000 + "}",
        line="HERE/adapters/v1/adapter_config.json:1: a number of 5000 digits, at most 40 are read",
    ),
    raw_config(
        "a config in UTF-16",
        "{}".encode("utf-16"),
        line="HERE/adapters/v1/adapter_config.json:1: is UTF-16, save it as UTF-8",
    ),
    raw_config(
        "a config of 2 MB",
        b" " * 2_000_000,
        line="HERE/adapters/v1/adapter_config.json: 2,000,000 bytes, at most 1,048,576 are read",
    ),
    raw_config(
        "an empty config",
        "",
        line="HERE/adapters/v1/adapter_config.json:1: is not JSON (Expecting value at column 1)",
    ),
    after(
        "a config that is a pipe",
        pipe(CONFIG),
        line="HERE/adapters/v1/adapter_config.json: is not a regular file (a pipe or device), a file is needed",
    ),
    after(
        "no config",
        lambda p: (p.folder / CONFIG).unlink(),
        line="v1: adapter_config.json is missing, `save_pretrained` of PEFT writes it",
    ),
    after(
        "a pickle alone",
        swapped_for("adapter_model.bin"),
        line="v1: adapter_model.bin is a pickle, which runs code when loaded; save it as safetensors (PEFT's `save_pretrained` does)",
    ),
    after(
        "a pickle beside the weights",
        beside("adapter_model.bin"),
        line="v1: adapter_model.bin is a pickle, which runs code when loaded; save it as safetensors (PEFT's `save_pretrained` does)",
    ),
    after(
        "compiled code in a folder below",
        lambda p: (
            (p.folder / "adapters/v1/checkpoint").mkdir(),
            beside("checkpoint/kernel.so")(p),
        ),
        line="v1: kernel.so is code, an adapter is weights and a config only",
    ),
    after(
        "code beside the weights",
        beside("modeling.py"),
        line="v1: modeling.py is code, an adapter is weights and a config only",
    ),
    after(
        "truncated weights",
        cut,
        line="HERE/adapters/v1/adapter_model.safetensors: is cut off or has extra bytes (505 of 512 bytes of tensors)",
    ),
    after(
        "weights that are a pipe",
        pipe(WEIGHTS),
        line="HERE/adapters/v1/adapter_model.safetensors: is not a regular file (a pipe or device), a file is needed",
    ),
    after(
        "weights that are a folder",
        lambda p: ((p.folder / WEIGHTS).unlink(), (p.folder / WEIGHTS).mkdir()),
        line="HERE/adapters/v1/adapter_model.safetensors: is a folder, a file is needed",
    ),
    after(
        "weights of 10 GB",
        lambda p: os.truncate(p.folder / WEIGHTS, 10_000_000_000),
        line="HERE/adapters/v1/adapter_model.safetensors: 10,000,000,000 bytes, at most 8,589,934,592 are read",
    ),
    after(
        "weights that link out of the adapters",
        linked,
        line="HERE/adapters/v1/adapter_model.safetensors: is a link that leads out of HERE/adapters, put the files themselves there",
    ),
    after(
        "a folder that links out of the adapters",
        linked_folder,
        line="HERE/adapters/v1: is a link that leads out of HERE/adapters, put the files themselves there",
    ),
    after(
        "a file that links out of the adapters",
        lambda p: (p.folder / "adapters/v1/notes.txt").symlink_to("/etc/passwd"),
        line="HERE/adapters/v1/notes.txt: is a link that leads out of HERE/adapters, put the files themselves there",
    ),
    after(
        "a folder that links to itself",
        lambda p: (
            (p.folder / "adapters/v1").rename(p.folder / "away"),
            (p.folder / "adapters/v1").symlink_to(p.folder / "adapters/v1"),
        ),
        line="v1: no such adapter under HERE/adapters",
    ),
    weights(
        "a Git LFS pointer",
        POINTER,
        line="HERE/adapters/v1/adapter_model.safetensors: is a Git LFS pointer, run `git lfs pull` for the weights",
    ),
    weights(
        "empty weights",
        b"",
        line="HERE/adapters/v1/adapter_model.safetensors: is no safetensors file or is cut off (its header does not fit)",
    ),
    weights(
        "weights of 7 bytes",
        b"1234567",
        line="HERE/adapters/v1/adapter_model.safetensors: is no safetensors file or is cut off (its header does not fit)",
    ),
    weights(
        "a header longer than the file",
        header({}, length=2**40),
        line="HERE/adapters/v1/adapter_model.safetensors: is no safetensors file or is cut off (its header does not fit)",
    ),
    weights(
        "a header of 2**64-1 bytes",
        header({}, length=2**64 - 1),
        line="HERE/adapters/v1/adapter_model.safetensors: is no safetensors file or is cut off (its header does not fit)",
    ),
    weights(
        "a header that is no JSON",
        header(b"{" + b" " * 9),
        line="HERE/adapters/v1/adapter_model.safetensors header: is not JSON (Expecting property name enclosed in double quotes at column 11)",
    ),
    weights(
        "a header that is a list",
        header([]),
        line="HERE/adapters/v1/adapter_model.safetensors: its header is not an object",
    ),
    weights(
        "a header of 100,000 levels",
        header(b'{"a":' * 100_000),
        line="HERE/adapters/v1/adapter_model.safetensors header: is nested deeper than 64 levels",
    ),
    weights(
        "a header in Latin-1",
        header(b'{"\xe9": 1}'),
        line="HERE/adapters/v1/adapter_model.safetensors: is no safetensors file (its header is not UTF-8)",
    ),
    weights(
        "a header with a tensor twice",
        header(b'{"a": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}, "a": {}}'),
        line="HERE/adapters/v1/adapter_model.safetensors header: key 'a' stands twice, once is allowed",
    ),
    weights(
        "a tensor without its shape",
        header({"a": {"dtype": "F32"}}),
        line="HERE/adapters/v1/adapter_model.safetensors: the header's entry for 'a' contradicts itself",
    ),
    weights(
        "a tensor of 10**30 numbers",
        header({"a": {"dtype": "F32", "shape": [10**15, 10**15], "data_offsets": [0, 8]}}),
        line="HERE/adapters/v1/adapter_model.safetensors: the header's entry for 'a' contradicts itself",
    ),
    weights(
        "a tensor of a negative shape",
        header({"a": {"dtype": "F32", "shape": [-1, -2], "data_offsets": [0, 8]}}, bytes(8)),
        line="HERE/adapters/v1/adapter_model.safetensors: the header's entry for 'a' contradicts itself",
    ),
    weights(
        "a tensor of a dtype that is none",
        header({"a": {"dtype": "F4", "shape": [2], "data_offsets": [0, 8]}}, bytes(8)),
        line="HERE/adapters/v1/adapter_model.safetensors: the header's entry for 'a' contradicts itself",
    ),
    weights(
        "a tensor of a dtype that is a list",
        header({"a": {"dtype": ["F32"], "shape": [2], "data_offsets": [0, 8]}}, bytes(8)),
        line="HERE/adapters/v1/adapter_model.safetensors: the header's entry for 'a' contradicts itself",
    ),
    weights(
        "overlapping tensors",
        header(ONE | {"b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}, bytes(12)),
        line="HERE/adapters/v1/adapter_model.safetensors: tensors overlap or leave a gap at 'b'",
    ),
    weights(
        "a gap between tensors",
        header(ONE | {"b": {"dtype": "F32", "shape": [2], "data_offsets": [12, 20]}}, bytes(20)),
        line="HERE/adapters/v1/adapter_model.safetensors: tensors overlap or leave a gap at 'b'",
    ),
    weights(
        "bytes after the last tensor",
        header(ONE, bytes(80)),
        line="HERE/adapters/v1/adapter_model.safetensors: is cut off or has extra bytes (80 of 8 bytes of tensors)",
    ),
    weights(
        "weights of another architecture",
        header(ONE, bytes(8)),
        line="v1: the key base_model.model.x.lora_A.weight does not belong to the base",
    ),
    after(
        "a training.json that is a list",
        text("adapters/v1/training.json", "[]"),
        line="HERE/adapters/v1/training.json:1: is not an object, `lora-harness train` writes one",
    ),
    after(
        "a training.json that is no JSON",
        text("adapters/v1/training.json", "{"),
        line="HERE/adapters/v1/training.json:1: is not JSON (Expecting property name enclosed in double quotes at column 2)",
    ),
    after(
        "a training.json of 100,000 levels",
        text("adapters/v1/training.json", "[" * 100_000),
        line="HERE/adapters/v1/training.json:1: is nested deeper than 64 levels",
    ),
    after(
        "a training.json that is a pipe",
        pipe("adapters/v1/training.json"),
        line="HERE/adapters/v1/training.json: is not a regular file (a pipe or device), a file is needed",
    ),
    after(
        "a training.json of 5 MB",
        text("adapters/v1/training.json", b" " * 5_000_000),
        line="HERE/adapters/v1/training.json: 5,000,000 bytes, at most 4,194,304 are read",
    ),
    after(
        "a base with a pipe for a tokenizer",
        lambda p: os.mkfifo(p.folder / "base/tokenizer.json"),
        line="base: HERE/base/tokenizer.json is a pipe, a device or a link to nothing",
    ),
    after(
        "a base whose weights are cut off",
        lambda p: os.truncate(p.folder / "base/model.safetensors", 100),
        line="HERE/base/model.safetensors: is no safetensors file or is cut off (its header does not fit)",
    ),
    after(
        "a base whose config is a pipe",
        pipe("base/config.json"),
        line="base: HERE/base/config.json is a pipe, a device or a link to nothing",
    ),
    after(
        "a base of pickles",
        lambda p: (p.folder / "base/model.safetensors").rename(p.folder / "base/pytorch_model.bin"),
        line="base: HERE/base has no safetensors; pickled weights run code when loaded",
    ),
    after(
        "a base with a chat template of 2 MB",
        text("base/chat_template.jinja", b"x" * 2_000_000),
        line="base: HERE/base/chat_template.jinja: 2,000,000 bytes, at most 1,048,576 are read",
    ),
    *(
        named(name)
        for name in (
            "../../x",
            "/etc/passwd",
            "~",
            "~root",
            ".",
            "..",
            "",
            " ",
            "a\nb",
            "CON",
            "con.txt",
            "nul",
            "trail.",
            "x\\..\\y",
            "%2e%2e%2fx",
            "%252e%252e%252fx",
            "a/../b",
            "a/b/c",
            "a//b",
            "/a",
            "a/",
            "ADAPTER",
            "ünï",
            "a b",
            "a:b",
            "a*",
            "$(id)",
            "`id`",
            "'; DROP TABLE runs; --",
            "a" * 65,
            "x" * 100_000,
            "\u202ereverse",
            "ａ",
        )
    ),
    Row(
        "name: a leading dash",
        nothing,
        ("evaluate", "--", "-x"),
        line="'-x' is not an adapter name: a name is a-z, 0-9, `.`, `_`, `-`, up to 64 of them, with one `/` at most for a client",
    ),
    Row(
        "name: train a path",
        text("more.jsonl", "{}"),
        ("train", "../x", "--data", "more.jsonl"),
        line="'../x' is not an adapter name: a name is a-z, 0-9, `.`, `_`, `-`, up to 64 of them, with one `/` at most for a client",
    ),
    Row(
        "name: train a reserved name",
        text("more.jsonl", "{}"),
        ("train", "base", "--data", "more.jsonl"),
        line="base is a reserved name, choose another",
    ),
    Row(
        "name: promote nobody",
        nothing,
        ("promote", "nobody", "--by", "a", "--why", "b"),
        line="HERE/recorded/nobody: no recorded outputs, one <benchmark>.jsonl is needed, did you mean `good`?",
    ),
    Row(
        "name: promote a path",
        nothing,
        ("promote", "../x", "--by", "a", "--why", "b"),
        line="'../x' is not an adapter name: a name is a-z, 0-9, `.`, `_`, `-`, up to 64 of them, with one `/` at most for a client",
    ),
    Row(
        "name: promote by nobody",
        nothing,
        ("promote", "good", "--by", " ", "--why", "b"),
        line="--by must say something, in one line",
    ),
    Row(
        "name: promote for no reason",
        nothing,
        ("promote", "good", "--by", "a", "--why", ""),
        line="--why must say something, in one line",
    ),
    Row(
        "name: roll back to nobody",
        nothing,
        ("rollback", "--by", "a", "--why", "b"),
        line="openers: nothing is promoted, so there is nothing to roll back",
    ),
    Row(
        "name: accept a case of no run",
        nothing,
        ("accept", "x", "--run", "' OR 1=1", "--by", "a", "--why", "b"),
        line="' OR 1=1: no such run, the verdict's JSON names it under `runs`",
    ),
    Row(
        "name: sign a path",
        nothing,
        ("sign", "../x", "--key", "k.pem"),
        line="'../x' is not an adapter name: a name is a-z, 0-9, `.`, `_`, `-`, up to 64 of them, with one `/` at most for a client",
    ),
    Row(
        "name: compare with a path",
        nothing,
        ("compare", "good", "../x"),
        line="'../x' is not an adapter name: a name is a-z, 0-9, `.`, `_`, `-`, up to 64 of them, with one `/` at most for a client",
    ),
    Row(
        "name: sweep over a path",
        nothing,
        ("sweep", "../x"),
        line="'../x' is not an adapter name: a name is a-z, 0-9, `.`, `_`, `-`, up to 64 of them, with one `/` at most for a client",
    ),
]
