"""Files that nothing loads are passed over; more is in test_inspection.py."""

from __future__ import annotations

from pathlib import Path

from harness.workspace.adapters.leftovers import folder_faults, passed_over, shown
from tests.fakes.adapters import TinyAdapter, TinyBase


def test_ours_and_hidden_files_are_not_called_leftovers(tmp_path: Path, base: TinyBase) -> None:
    adapter = TinyAdapter(tmp_path, "adapter_v1", base).write()
    for name in ("README.md", "model.sig", ".gitattributes", "tokenizer.json"):
        (adapter.folder / name).write_text("{}")
    assert passed_over(adapter.folder) == ""
    for number in range(9):
        (adapter.folder / f"{number}.log").write_text("")
    assert passed_over(adapter.folder) == "0.log, 1.log, 2.log, 3.log, 4.log, 5.log and 3 more"
    assert list(folder_faults(adapter.folder)) == []


def test_a_files_name_stays_on_its_line() -> None:
    assert shown("a\n::error::\x1b[2J") == "a\\n::error::\\x1b[2J"
    assert len(shown("x" * 5000)) == 80
