"""What is on its way becomes an adapter at once or not at all, also where a process is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.workspace.adapters.fetching import Arrived, bring
from harness.workspace.adapters.files import adapter_names
from harness.workspace.adapters.folder_source import FolderSource
from harness.workspace.adapters.origin import AdapterOrigin
from harness.workspace.adapters.staging import FETCHING, folder_beside
from tests.fakes.adapters import TinyAdapter, TinyBase


def brought(adapter: TinyAdapter, aside: Path) -> Arrived:
    return bring(FolderSource(adapter.folder), "there", "v9", aside)


@pytest.fixture
def adapter(tmp_path: Path, base: TinyBase) -> TinyAdapter:
    return TinyAdapter(tmp_path / "elsewhere", "v1", base)


def origin(digest: str) -> AdapterOrigin:
    return AdapterOrigin("there", "there", None, "", "2026-11-20T09:00:00Z", digest, "a test")


def test_nothing_is_left_beside(adapter: TinyAdapter, tmp_path: Path) -> None:
    adapters = tmp_path / "adapters"
    with folder_beside(adapters, "acme/v9") as aside:
        found = brought(adapter.write(), aside)
        assert adapter_names(adapters) == []  # what is on its way is no adapter yet
        found.put(adapters / "acme/v9", origin(found.files.digest), None)
    assert adapter_names(adapters) == ["acme/v9"]
    assert not (adapters / FETCHING).exists()


def test_a_failure_puts_an_adapter_back_that_was_to_be_replaced(
    adapter: TinyAdapter, tmp_path: Path
) -> None:
    adapters = tmp_path / "elsewhere"
    adapter.write()
    with pytest.raises(KeyboardInterrupt), folder_beside(adapters, "v1") as aside:
        adapter.folder.rename(aside / "old")
        raise KeyboardInterrupt
    assert adapter_names(adapters) == ["v1"]
    assert not (adapters / FETCHING).exists()


KILLED = """
import os, sys
from pathlib import Path
from harness.workspace.adapters.staging import folder_beside
adapters = Path(sys.argv[1])
with folder_beside(adapters, "acme/v1") as aside:
    (aside / "new").mkdir()
    (aside / "new" / "adapter_config.json").write_text("half")
    if sys.argv[2] == "moved":
        (adapters / "acme/v1").rename(aside / "old")
    os._exit(9)
"""


@pytest.mark.parametrize("moment", ["half", "moved"])
def test_what_a_killed_process_left_is_cleaned_by_the_next(
    tmp_path: Path, base: TinyBase, moment: str
) -> None:
    adapters = tmp_path / "adapters"
    there = TinyAdapter(adapters, "acme/v1", base).write()
    before = there.files().digest
    where = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run([sys.executable, "-c", KILLED, str(adapters), moment], env=where)
    assert done.returncode == 9
    assert list((adapters / FETCHING).iterdir())
    with folder_beside(adapters, "v2"):
        assert len(list((adapters / FETCHING).iterdir())) == 1
        assert there.files().digest == before
    assert not (adapters / FETCHING).exists()


def test_a_fetch_that_is_under_way_is_left_alone(tmp_path: Path) -> None:
    with folder_beside(tmp_path, "v1") as first, folder_beside(tmp_path, "v1") as second:
        (first / "new").mkdir()
        assert first != second and first.is_dir()
    assert not (tmp_path / FETCHING).exists()


def test_what_others_put_there_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "kept.txt").write_text("kept")
    (tmp_path / "adapters" / FETCHING).mkdir(parents=True)
    (tmp_path / "adapters" / FETCHING / "v1.abc").symlink_to(tmp_path / "mine")
    with folder_beside(tmp_path / "adapters", "v2"):
        pass
    assert (tmp_path / "mine" / "kept.txt").exists()


def test_a_leftover_whose_name_leads_elsewhere_goes_nowhere(tmp_path: Path) -> None:
    forged = tmp_path / "adapters" / FETCHING / "a+..+..+escaped.x"
    (forged / "old").mkdir(parents=True)
    with folder_beside(tmp_path / "adapters", "v1"):
        assert not forged.exists()
    assert not list(tmp_path.rglob("escaped"))
