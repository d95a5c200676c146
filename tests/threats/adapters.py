"""Adapters and their names: what PEFT would load with a warning, and what is no name."""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.fakes.adapters import TinyAdapter
from tests.fakes.project import TinyProject
from tests.threats.row import Row, nothing, text

ASK = ("evaluate", "v1", "--engine", "transformers")
WEIGHTS = "adapters/v1/adapter_model.safetensors"
CONFIG = "adapters/v1/adapter_config.json"


def row(name: str, change: Callable[[TinyAdapter], object], line: str = "", **more: Any) -> Row:
    """A sound adapter, changed before it is written."""

    def make(project: TinyProject) -> None:
        adapter = project.adapter("v1")
        change(adapter)
        adapter.write()

    return Row(f"adapter: {name}", make, ASK, line, **more)


def after(name: str, change: Callable[[TinyProject], object], line: str = "", **more: Any) -> Row:
    """A sound adapter whose files are changed afterwards."""

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
    return Row(f"name: {shown!r}", nothing, ("evaluate", name), line, **more)


POINTER = (b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n")
ONE = {"base_model.model.x.lora_A.weight": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}

ROWS = [
    row("keys that do not match the base", renamed),
    row("keys without their prefix", without_prefix),
    row("half of the tensors", half),
    row("one tensor lost", one_lost),
    row("no tensor", none),
    row("an all-zero lora_B", lambda a: every(a, "B", 0.0)),
    row("an all-zero lora_A", lambda a: every(a, "A", 0.0)),
    row("NaN weights", hidden),
    row("infinite weights", lambda a: every(a, "A", np.inf)),
    row("whole numbers as weights", integers),
    row("weights of another rank", lambda a: a.config.update(r=4)),
    row("another base of the same shapes", other_base),
    row("modules that are not targeted", lambda a: a.config.update(target_modules=["q_proj"])),
    config("lora_alpha of 1e308", lora_alpha=1e308),
    config("lora_alpha of 0", lora_alpha=0),
    config("lora_alpha that is true", lora_alpha=True),
    config("lora_alpha that is a text", lora_alpha="16"),
    config("r of 200,000,000", r=200_000_000),
    config("r of 0", r=0),
    config("r of -1", r=-1),
    config("r of 2.0", r=2.0),
    config("r that is true", r=True),
    config("r of 40 digits", r=10**39),
    config("a catastrophic pattern of targets", target_modules="(a+)+$"),
    config("a slow pattern of targets", target_modules=".*" * 60 + "!"),
    config("a pattern of targets that is none", target_modules="(q_proj"),
    config("a pattern of 301 letters", target_modules="a" * 301),
    config("a pattern unrolled", target_modules="a{65535}b{65535}"),
    config("no targets", target_modules=None),
    config("empty targets", target_modules=[]),
    config("targets that are numbers", target_modules=[1]),
    config("a target that is a pattern", target_modules=["q_proj", ".*"]),
    config("a target with a line feed", target_modules=["q_proj\n"]),
    config("5,000 targets", target_modules=["q_proj"] * 5000),
    config("a rank pattern that is a pattern", rank_pattern={"(a+)+$": 4}),
    config("a rank pattern that is a list", rank_pattern=["q_proj"]),
    config("an alpha pattern of 1e308", alpha_pattern={"q_proj": 1e308}),
    config("layers that are texts", layers_to_transform=["0"]),
    config("a layer of 10**12", layers_to_transform=[10**12]),
    config("a pattern of layers", layers_to_transform=[0], layers_pattern="(a+)+$"),
    config("modules saved by a pattern", modules_to_save=["(a+)+$"]),
    config("layer_replication of thousands", layer_replication=[[0, 2]] * 3000),
    config("an auto_mapping to a local module", auto_mapping={"base_model_class": "x", "parent_library": "evil"}),
    config("an unknown key", trust_remote_code=True),
    config("a task type that is no causal LM", task_type="SEQ_CLS"),
    config("a task type that is a list", task_type=["CAUSAL_LM"]),
    config("another kind of adapter", peft_type="PREFIX_TUNING"),
    config("no kind of adapter", peft_type=None),
    config("DoRA", use_dora=True),
    config("a trained bias", bias="all"),
    config("an initialisation that changes the base", init_lora_weights="pissa"),
    config("an initialisation that is a list", init_lora_weights=["gaussian"]),
    config("a megatron config", megatron_config={"x": 1}, megatron_core="os"),
    config("tokens trained beside", trainable_token_indices=[1]),
    config("parameters as targets", target_parameters=["x"]),
    raw_config("a config that is no JSON", "{"),
    raw_config("a config that is a list", "[]"),
    raw_config("a config with a key twice", '{"r": 2, "r": 4}'),
    raw_config("a config with NaN", '{"r": NaN}'),
    raw_config("a config of 100,000 levels", "[" * 100_000),
    raw_config("a config of 5,000 digits", '{"r": ' + "9" * 5000 + "}"),
    raw_config("a config in UTF-16", "{}".encode("utf-16")),
    raw_config("a config of 2 MB", b" " * 2_000_000),
    raw_config("an empty config", ""),
    after("a config that is a pipe", pipe(CONFIG)),
    after("no config", lambda p: (p.folder / CONFIG).unlink()),
    after("a pickle alone", swapped_for("adapter_model.bin")),
    after("a pickle beside the weights", beside("adapter_model.bin")),
    after("a pickle in a folder below", lambda p: ((p.folder / "adapters/v1/checkpoint").mkdir(), beside("checkpoint/optimizer.pt")(p))),
    after("code beside the weights", beside("modeling.py")),
    after("truncated weights", cut),
    after("weights that are a pipe", pipe(WEIGHTS)),
    after("weights that are a folder", lambda p: ((p.folder / WEIGHTS).unlink(), (p.folder / WEIGHTS).mkdir())),
    after("weights of 10 GB", lambda p: os.truncate(p.folder / WEIGHTS, 10_000_000_000)),
    after("weights that link out of the adapters", linked),
    after("a folder that links out of the adapters", linked_folder),
    after("a file that links out of the adapters", lambda p: (p.folder / "adapters/v1/notes.txt").symlink_to("/etc/passwd")),
    after("a folder that links to itself", lambda p: ((p.folder / "adapters/v1").rename(p.folder / "away"), (p.folder / "adapters/v1").symlink_to(p.folder / "adapters/v1"))),
    weights("a Git LFS pointer", POINTER),
    weights("empty weights", b""),
    weights("weights of 7 bytes", b"1234567"),
    weights("a header longer than the file", header({}, length=2**40)),
    weights("a header of 2**64-1 bytes", header({}, length=2**64 - 1)),
    weights("a header that is no JSON", header(b"{" + b" " * 9)),
    weights("a header that is a list", header([])),
    weights("a header of 100,000 levels", header(b'{"a":' * 100_000)),
    weights("a header in Latin-1", header(b'{"\xe9": 1}')),
    weights("a header with a tensor twice", header(b'{"a": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}, "a": {}}')),
    weights("a tensor without its shape", header({"a": {"dtype": "F32"}})),
    weights("a tensor of 10**30 numbers", header({"a": {"dtype": "F32", "shape": [10**15, 10**15], "data_offsets": [0, 8]}})),
    weights("a tensor of a negative shape", header({"a": {"dtype": "F32", "shape": [-1, -2], "data_offsets": [0, 8]}}, bytes(8))),
    weights("a tensor of a dtype that is none", header({"a": {"dtype": "F4", "shape": [2], "data_offsets": [0, 8]}}, bytes(8))),
    weights("a tensor of a dtype that is a list", header({"a": {"dtype": ["F32"], "shape": [2], "data_offsets": [0, 8]}}, bytes(8))),
    weights("overlapping tensors", header(ONE | {"b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}, bytes(12))),
    weights("a gap between tensors", header(ONE | {"b": {"dtype": "F32", "shape": [2], "data_offsets": [12, 20]}}, bytes(20))),
    weights("bytes after the last tensor", header(ONE, bytes(80))),
    weights("weights of another architecture", header(ONE, bytes(8))),
    after("a training.json that is a list", text("adapters/v1/training.json", "[]")),
    after("a training.json that is no JSON", text("adapters/v1/training.json", "{")),
    after("a training.json of 100,000 levels", text("adapters/v1/training.json", "[" * 100_000)),
    after("a training.json that is a pipe", pipe("adapters/v1/training.json")),
    after("a training.json of 5 MB", text("adapters/v1/training.json", b" " * 5_000_000)),
    after("a base with a pipe in it", lambda p: os.mkfifo(p.folder / "base/tokenizer.json")),
    after("a base whose weights are cut off", lambda p: os.truncate(p.folder / "base/model.safetensors", 100)),
    after("a base whose config is a pipe", pipe("base/config.json")),
    after("a base of pickles", lambda p: (p.folder / "base/model.safetensors").rename(p.folder / "base/pytorch_model.bin")),
    after("a base with a chat template of 2 MB", text("base/chat_template.jinja", b"x" * 2_000_000)),
    *(named(name) for name in (
        "../../x", "/etc/passwd", "~", "~root", ".", "..", "", " ", "a\nb", "CON", "con.txt", "nul", "trail.",
        "x\\..\\y", "%2e%2e%2fx", "%252e%252e%252fx", "a/../b", "a/b/c", "a//b", "/a", "a/", "ADAPTER", "ünï", "a b",
        "a:b", "a*", "$(id)", "`id`", "'; DROP TABLE runs; --", "a" * 65, "x" * 100_000, "\u202ereverse", "-x/..",
        "ａ",
    )),
    Row("name: a leading dash", nothing, ("evaluate", "--", "-x"), ""),
    Row("name: train a path", text("more.jsonl", "{}"), ("train", "../x", "--data", "more.jsonl"), ""),
    Row("name: train a reserved name", text("more.jsonl", "{}"), ("train", "base", "--data", "more.jsonl"), ""),
    Row("name: promote nobody", nothing, ("promote", "nobody", "--by", "a", "--why", "b"), ""),
    Row("name: promote a path", nothing, ("promote", "../x", "--by", "a", "--why", "b"), ""),
    Row("name: promote by nobody", nothing, ("promote", "good", "--by", " ", "--why", "b"), ""),
    Row("name: promote for no reason", nothing, ("promote", "good", "--by", "a", "--why", ""), ""),
    Row("name: roll back to nobody", nothing, ("rollback", "--by", "a", "--why", "b"), ""),
    Row("name: a task with SQL in it", nothing, ("log", "--task", "'; DROP TABLE decisions; --"), ""),
    Row("name: accept a case of no run", nothing, ("accept", "x", "--run", "' OR 1=1", "--by", "a", "--why", "b"), ""),
    Row("name: sign a path", nothing, ("sign", "../x", "--key", "k.pem"), ""),
    Row("name: compare with a path", nothing, ("compare", "good", "../x"), ""),
    Row("name: compare with itself", nothing, ("compare", "good", "good"), ""),
    Row("name: sweep over a path", nothing, ("sweep", "../x"), ""),
]
