"""An adapter comes from a folder as its bytes, and nothing else comes with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.errors import AdapterRefused, HarnessError
from harness.workspace.adapters.fetching import Arrived, bring
from harness.workspace.adapters.folder_source import FolderSource
from tests.fakes.adapters import TinyAdapter, TinyBase
from tests.fakes.refusals import refused


@pytest.fixture
def adapter(tmp_path: Path, base: TinyBase) -> TinyAdapter:
    return TinyAdapter(tmp_path / "elsewhere", "v1", base).write()


def brought(folder: Path, aside: Path) -> Arrived:
    aside.mkdir(exist_ok=True)
    return bring(FolderSource(folder), str(folder), "v9", aside)


def test_what_a_trainer_leaves_beside_it_stays_there(adapter: TinyAdapter, tmp_path: Path) -> None:
    for name in ("optimizer.pt", "training_args.bin", "notes.txt", "adapter_model.bin", "run.py"):
        (adapter.folder / name).write_bytes(b"x")
    (adapter.folder / "checkpoint-1").mkdir()
    (adapter.folder / "README.md").write_text("# ours\n")
    (adapter.folder / "tokenizer.json").write_text("{}")
    found = brought(adapter.folder, tmp_path / "aside")
    come = {file.name for file in found.files.folder.iterdir()}
    assert come == set(found.names) == {
        "adapter_config.json", "adapter_model.safetensors", "training.json", "README.md",
        "tokenizer.json",
    }  # fmt: skip
    for name in come:
        assert (found.files.folder / name).read_bytes() == (adapter.folder / name).read_bytes()


def test_the_digest_is_that_of_the_folder(adapter: TinyAdapter, tmp_path: Path) -> None:
    found = brought(adapter.folder, tmp_path / "aside")
    assert found.files.digest == adapter.files().digest
    assert found.listing.revision is None and found.listing.resolved == str(adapter.folder)


def test_a_snapshot_of_the_hub_s_cache_is_a_folder_of_links(
    adapter: TinyAdapter, tmp_path: Path
) -> None:
    repo = tmp_path / "hub" / "models--acme--openers"
    snapshot = repo / "snapshots" / ("a" * 40)
    (repo / "blobs").mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for file in adapter.folder.iterdir():
        blob = repo / "blobs" / f"blob-of-{file.name}"
        blob.write_bytes(file.read_bytes())
        (snapshot / file.name).symlink_to(os.path.relpath(blob, snapshot))
    found = brought(snapshot, tmp_path / "aside")
    assert found.files.digest == adapter.files().digest
    assert not any(file.is_symlink() for file in found.files.folder.iterdir())


def test_a_link_out_of_the_folder_brings_nothing_in(adapter: TinyAdapter, tmp_path: Path) -> None:
    secret = tmp_path / "id_ed25519"
    secret.write_text("a private key")
    (adapter.folder / "README.md").symlink_to(secret)
    with refused(r"README\.md: is a link that leads out of", AdapterRefused):
        brought(adapter.folder, tmp_path / "aside")
    kept = [file.read_bytes() for file in (tmp_path / "aside").rglob("*") if file.is_file()]
    assert b"a private key" not in b"".join(kept)


def test_a_link_to_the_folder_itself_and_links_inside_it_are_fine(
    adapter: TinyAdapter, tmp_path: Path
) -> None:
    (tmp_path / "latest").symlink_to(adapter.folder)
    (adapter.folder / "card.md").write_text("# ours\n")
    (adapter.folder / "README.md").symlink_to("card.md")
    found = brought(tmp_path / "latest", tmp_path / "aside")
    assert (found.files.folder / "README.md").read_text() == "# ours\n"


@pytest.mark.parametrize("name", ["adapter_config.json", "README.md"])
def test_a_pipe_is_refused_and_not_waited_for(
    adapter: TinyAdapter, tmp_path: Path, name: str
) -> None:
    (adapter.folder / name).unlink(missing_ok=True)
    os.mkfifo(adapter.folder / name)
    with refused("is not a regular file", AdapterRefused):
        brought(adapter.folder, tmp_path / "aside")


def test_a_link_to_nothing_is_one_line(adapter: TinyAdapter, tmp_path: Path) -> None:
    (adapter.folder / "README.md").symlink_to("nothing")
    with refused("no such file", HarnessError):
        brought(adapter.folder, tmp_path / "aside")
