import json
import os
import shutil

import pytest

from harness.errors import AdapterRefused, WorldFailed
from harness.workspace.adapters.files import (
    adapter_names,
    contents,
    file_digest,
    find_adapter,
    read_adapter,
    read_training,
    snapshot,
)
from tests.fakes.adapters import TinyAdapter
from tests.fakes.refusals import refused


@pytest.fixture
def root(tmp_path):
    return tmp_path / "adapters"


@pytest.fixture
def adapter(root, base):
    return TinyAdapter(root, "adapter_v1", base).write()


def test_clients_adapters_are_listed_with_their_slash(root, base, adapter):
    TinyAdapter(root, "acme/openers_v3", base).write()
    (root / "datasets").mkdir()
    assert adapter_names(root) == ["acme/openers_v3", "adapter_v1"]
    assert find_adapter(root, "acme/openers_v3") == root / "acme" / "openers_v3"


def test_an_unknown_adapter_names_the_nearest(root, adapter):
    with refused("^adapter_v2: no such adapter .*, did you mean `adapter_v1`", AdapterRefused):
        find_adapter(root, "adapter_v2")


def test_no_adapters_at_all_is_one_line_too(root):
    with refused("^adapter_v2: no such adapter under .*adapters$", AdapterRefused):
        find_adapter(root, "adapter_v2")


@pytest.mark.parametrize("name", ["base", "base+prompt"])
def test_the_base_is_no_adapter(root, name):
    with refused("is the base model itself, an adapter's name is needed", AdapterRefused):
        find_adapter(root, name)


@pytest.mark.parametrize(
    "name", ["../../x", "/etc", "~", ".", "..", "", "-x", "a\nb", "CON", "x.", "x\\..\\y", "%2e%2e"]
)
def test_a_name_is_checked_before_the_disk_is_touched(root, name):
    with refused("is not an adapter name", AdapterRefused):
        read_adapter(root, name)


def test_a_file_with_the_name_of_an_adapter_is_none(root, adapter):
    (root / "notes").write_text("")
    with refused("^notes: no such adapter", AdapterRefused):
        read_adapter(root, "notes")


# --- the digest ------------------------------------------------------------------------------


def test_the_digest_is_that_of_the_judged_bytes(root, adapter):
    before = adapter.files().digest
    adapter.write_json("training.json", {"other": 1})
    (adapter.folder / "README.md").write_text("new words")
    assert adapter.files().digest == before, "words about it may change"
    shutil.copytree(adapter.folder, root / "copy")
    assert read_adapter(root, "copy").digest == before, "whatever its name"
    adapter.write_json("adapter_config.json", adapter.config | {"lora_alpha": 5})
    assert adapter.files().digest != before


def test_one_other_byte_is_another_digest(adapter):
    before = adapter.files().digest
    raw = bytearray(adapter.weights.read_bytes())
    raw[-1] ^= 1
    adapter.weights.write_bytes(raw)
    assert adapter.files().digest != before


def test_a_tokenizer_that_the_adapter_ships_is_judged_too(root, tmp_path, adapter):
    plain = adapter.files()
    assert plain.digest == plain.weights_digest
    adapter.write_json("tokenizer_config.json", {"chat_template": "{{ messages }}"})
    shipped = adapter.files()
    assert shipped.digest != plain.digest == shipped.weights_digest
    copy = snapshot(shipped, tmp_path / "copy")
    assert (copy / "tokenizer_config.json").is_file(), "what is judged is what is loaded"
    adapter.write_json("tokenizer_config.json", {"chat_template": "{{ other }}"})
    with refused("its files changed while they were read", AdapterRefused):
        snapshot(shipped, tmp_path / "again")


def test_bytes_judged_by_1_0_0_are_still_the_judged_bytes(adapter):
    """Its digests were of config and weights, whatever tokenizer lay beside."""
    before = adapter.files().digest
    adapter.write_json("tokenizer.json", {})
    now = adapter.files()
    assert now.has_judged_bytes(before) and now.has_judged_bytes(now.digest)
    assert "its tokenizer was not part of what was judged" in now.unjudged(before)
    assert now.unjudged(now.digest) == ""
    adapter.write_json("adapter_config.json", adapter.config | {"lora_alpha": 5})
    assert not adapter.files().has_judged_bytes(before)


# --- links and other things that are no files --------------------------------------------------


def test_a_folder_that_links_out_of_the_root_is_refused(root, base, tmp_path, adapter):
    TinyAdapter(tmp_path / "outside", "v9", base).write()
    (root / "v9").symlink_to(tmp_path / "outside" / "v9")
    with refused("v9: is a link that leads out of", AdapterRefused):
        read_adapter(root, "v9")


@pytest.mark.parametrize(
    "file", ["adapter_model.safetensors", "adapter_config.json", "training.json"]
)
def test_a_file_that_links_out_of_the_root_is_refused(tmp_path, adapter, file):
    (adapter.folder / file).rename(tmp_path / file)
    (adapter.folder / file).symlink_to(tmp_path / file)
    with refused(f"{file}: is a link that leads out of", AdapterRefused):
        adapter.files()


def test_a_folder_inside_that_links_out_is_refused(tmp_path, adapter):
    (adapter.folder / "more").symlink_to(tmp_path)
    with refused("more: is a link that leads out of", AdapterRefused):
        adapter.files()


def test_a_pipe_in_place_of_the_weights_is_refused(adapter):
    adapter.weights.unlink()
    os.mkfifo(adapter.weights)
    with refused("is not a regular file", AdapterRefused):
        adapter.files()


def test_a_folder_in_place_of_the_config_is_refused(adapter):
    (adapter.folder / "adapter_config.json").unlink()
    (adapter.folder / "adapter_config.json").mkdir()
    with refused("is a folder, a file is needed", AdapterRefused):
        adapter.files()


# --- the private copy ------------------------------------------------------------------------


def test_the_copy_holds_the_judged_files_and_no_others(tmp_path, adapter):
    (adapter.folder / "README.md").write_text("words")
    copy = snapshot(adapter.files(), tmp_path / "copy")
    assert sorted(f.name for f in copy.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    assert file_digest(copy / "adapter_model.safetensors") == file_digest(adapter.weights)


@pytest.mark.parametrize("file", ["adapter_model.safetensors", "adapter_config.json"])
def test_a_swap_between_check_and_copy_is_noticed(tmp_path, adapter, file):
    judged = adapter.files()
    (adapter.folder / file).write_bytes(b"other")
    with refused("adapter_v1: its files changed while they were read, try again", AdapterRefused):
        snapshot(judged, tmp_path / "copy")


def test_a_swap_after_the_copy_changes_nothing(tmp_path, adapter):
    judged = adapter.files()
    snapshot(judged, tmp_path / "copy")
    adapter.weights.write_bytes(b"other")
    copy = snapshot(judged, tmp_path / "copy")
    assert (copy / "adapter_model.safetensors").stat().st_size > 100


def test_a_file_that_went_away_is_said(tmp_path, adapter):
    judged = adapter.files()
    adapter.weights.unlink()
    with refused(r"adapter_model\.safetensors: no such file", AdapterRefused):
        snapshot(judged, tmp_path / "copy")


def test_a_pipe_put_in_place_after_the_check_is_refused(tmp_path, adapter):
    judged = adapter.files()
    adapter.weights.unlink()
    os.mkfifo(adapter.weights)
    with refused("is not a regular file", AdapterRefused):
        snapshot(judged, tmp_path / "copy")


def test_the_copy_of_a_linked_file_is_a_file_of_its_own(tmp_path, root, adapter):
    """A link inside the root is allowed; a copied link would still lead to what can be swapped."""
    shared = root / "shared.safetensors"
    adapter.weights.rename(shared)
    adapter.weights.symlink_to(shared)
    copy = snapshot(adapter.files(), tmp_path / "copy") / "adapter_model.safetensors"
    assert not copy.is_symlink() and copy.read_bytes() == shared.read_bytes()


def test_a_copy_that_cannot_be_written_is_the_worlds_fault(tmp_path, adapter):
    (tmp_path / "full").write_text("")
    with refused("adapter_v1: its private copy in .* cannot be written", WorldFailed, code=11):
        snapshot(adapter.files(), tmp_path / "full" / "copy")


# --- training.json ---------------------------------------------------------------------------


def test_an_adapter_from_elsewhere_has_no_training(adapter):
    (adapter.folder / "training.json").unlink()
    assert read_training(adapter.folder) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[]", "is not an object, `lora-harness train` writes one"),
        ("{", "is not JSON"),
        ('{"a": 1, "a": 2}', "stands twice"),
        (json.dumps({"a": "x" * 5_000_000}), "at most 4,194,304 are read"),
    ],
)
def test_a_training_file_that_cannot_be_read_is_refused(adapter, text, line):
    (adapter.folder / "training.json").write_text(text)
    with refused(line):
        read_training(adapter.folder)


def test_folders_nested_deeper_than_any_trainer_leaves_them_are_refused(tmp_path):
    (tmp_path / "/".join("d" * 40)).mkdir(parents=True)
    with pytest.raises(AdapterRefused, match="nested deeper than 32 levels"):
        list(contents(tmp_path))
    shutil.rmtree(tmp_path / "d/d/d/d/d/d/d/d/d/d")
    assert len(list(contents(tmp_path))) == 9
