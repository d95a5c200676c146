"""Only sound adapters arrive, whole or not at all; what is none is said with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import AdapterRefused
from harness.workspace.adapters.fetching import (
    TAKEN,
    Arrived,
    bring,
    chosen,
    limit_of,
)
from harness.workspace.adapters.files import JUDGED
from harness.workspace.adapters.folder_source import FolderSource
from tests.fakes.adapters import TinyAdapter, TinyBase
from tests.fakes.refusals import refused

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


def brought(adapter: TinyAdapter, aside: Path) -> Arrived:
    aside.mkdir(exist_ok=True)
    return bring(FolderSource(adapter.folder), "there", "v9", aside)


@pytest.fixture
def adapter(tmp_path: Path, base: TinyBase) -> TinyAdapter:
    return TinyAdapter(tmp_path / "elsewhere", "v1", base)


# --- what is there --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "line"),
    [
        ((), "nothing lies there"),
        ((CONFIG, "adapter_model.bin"), r"adapter_model\.bin alone, a pickle.*save_pretrained"),
        ((CONFIG,), "adapter_model.safetensors is missing beside adapter_config.json"),
        (("config.json", "model-00001-of-00002.safetensors", "model.safetensors.index.json"),
         "is a whole model, no adapter"),
        (("config.json", "pytorch_model.bin"), "is a whole model, no adapter"),
        (("README.md", "lora.gguf"), r"holds no adapter .*what lies there: README.md, lora.gguf"),
        ((WEIGHTS,), "holds no adapter .adapter_config.json is missing"),
        ((f"checkpoint-5/{CONFIG}", f"final/{CONFIG}", "README.md"),
         "but below it: there/checkpoint-5, there/final$"),
        (tuple(f"checkpoint-{n}/{CONFIG}" for n in range(9)), "and 4 more$"),
        (("\x1b[31m::error::x", "b\n##[group]"), r"what lies there: '\\x1b"),
    ],
)  # fmt: skip
def test_what_is_no_adapter_is_said_with_what_to_do(names: tuple[str, ...], line: str) -> None:
    with refused(line, AdapterRefused):
        chosen("there", dict.fromkeys(names, 1))


def test_names_that_lead_elsewhere_are_never_taken() -> None:
    files = dict.fromkeys((*TAKEN, "../../.bashrc", "/etc/passwd", "x/../../y", "evil.py"), 1)
    names, _ = chosen("there", files)
    assert names == list(TAKEN)
    assert not any("/" in name or "\\" in name for name in TAKEN)
    assert set(JUDGED) <= set(TAKEN)


def test_what_is_too_large_is_refused_or_left_out() -> None:
    files: dict[str, int | None] = {CONFIG: 10, WEIGHTS: 10, "README.md": limit_of("README.md") + 1}
    names, notes = chosen("there", files)
    assert names == [CONFIG, WEIGHTS]
    assert "README.md has 1,048,577 bytes" in notes[0] and "left out" in notes[0]
    with refused("adapter_model.safetensors has .* at most 8,589,934,592 are fetched"):
        chosen("there", files | {WEIGHTS: 10**12})


# --- inspected ------------------------------------------------------------------------------


def test_an_unsound_adapter_does_not_arrive(adapter: TinyAdapter, tmp_path: Path) -> None:
    adapter.config["auto_mapping"] = {"base_model_class": "x", "parent_library": "evil"}
    with refused("^there: .*auto_mapping", AdapterRefused):
        brought(adapter.write(), tmp_path / "aside")


def test_a_pointer_of_git_lfs_is_no_weights(adapter: TinyAdapter, tmp_path: Path) -> None:
    adapter.write()
    adapter.weights.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with refused("is a Git LFS pointer", AdapterRefused):
        brought(adapter, tmp_path / "aside")


@pytest.mark.parametrize("text", ["[]", "{", '{"a": 1, "a": 2}'])
def test_another_tool_s_training_json_is_left_out_and_said(
    adapter: TinyAdapter, tmp_path: Path, text: str
) -> None:
    adapter.write()
    (adapter.folder / "training.json").write_text(text)
    found = brought(adapter, tmp_path / "aside")
    assert "training.json" not in found.names
    assert not (found.files.folder / "training.json").exists()
    assert found.notes[0].startswith("training.json:1: ")
    assert found.notes[0].endswith("; it is left out")
