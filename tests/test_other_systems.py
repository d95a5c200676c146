"""What Windows and macOS lack is not needed; what was never run there is said to be so.

These run on Linux, with what Windows lacks taken away: they are no proof that it works there.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.bare_system import MODULES, OF_OS, OF_SIGNAL

ROOT = Path(__file__).resolve().parents[1]


def sources() -> Iterator[tuple[str, ast.Module]]:
    for room in ("harness", "dashboard"):
        for file in sorted((ROOT / room).rglob("*.py")):
            text = file.read_text(encoding="utf-8")
            yield file.relative_to(ROOT).as_posix(), ast.parse(text)


@pytest.mark.slow  # eight commands in a process of their own
def test_a_project_is_judged_without_anything_that_windows_lacks(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tests/fakes/bare_system.py", tmp_path / "project"],
        env=os.environ | {"PYTHONPATH": str(ROOT), "LORA_HARNESS_CACHE": str(tmp_path / "cache")},
        capture_output=True, encoding="utf-8", timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    ended = [line for line in done.stdout.splitlines() if not line.endswith(" 0")]
    assert ended == [] and len(done.stdout.splitlines()) == 8


def at_the_top(tree: ast.Module) -> Iterator[str]:
    """Yield the modules that are imported when a module is."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.slow
def test_no_module_that_windows_lacks_is_imported_at_the_top() -> None:
    found = {(name, one) for name, tree in sources() for one in at_the_top(tree)}
    assert [one for one in found if one[1] in MODULES] == []


@pytest.mark.long
def test_no_function_or_signal_that_windows_lacks_is_used_without_asking_for_it() -> None:
    lacking = {("os", name) for name in OF_OS} | {("signal", name) for name in OF_SIGNAL}
    for name, tree in sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
                continue
            if (node.value.id, node.attr) in lacking:
                asked = f'hasattr({node.value.id}, "{node.attr}")'
                text = (ROOT / name).read_text(encoding="utf-8")
                guarded = asked in text or "except (ImportError, AttributeError" in text
                assert guarded, f"{name}:{node.lineno}: {node.attr}"


@pytest.mark.long
def test_every_text_names_its_encoding() -> None:
    """Elsewhere a file or a process would be read in a code page, and Zoë become ZoÃ«."""
    for name, tree in sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            given = {word.arg for word in node.keywords}
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            where = f"{name}:{node.lineno}"
            if called in ("run", "Popen", "check_output") and given & {
                "text",
                "universal_newlines",
            }:
                assert "encoding" in given, where
            if called in ("read_text", "write_text") and len(node.args) < 2:
                known = "encoding" in given or (called == "read_text" and node.args)
                assert known, where


def test_a_converted_base_is_synced_where_no_folder_can_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.workspace.base.gguf import _sync

    (tmp_path / "config.json").write_text("{}")
    synced: list[int] = []

    def open_file(path: Path, flags: int) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.open", open_file)
    monkeypatch.setattr("os.fsync", synced.append)
    _sync(tmp_path)
    assert len(synced) == 1


def test_memory_is_given_back_where_no_library_is_found_without_a_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from harness.engines.local import mapped

    def load(name: object) -> object:
        raise TypeError("LoadLibrary() argument 1 must be str, not None")

    monkeypatch.setattr(mapped.ctypes, "CDLL", load)
    mapped.give_back()


def test_the_name_that_git_knows_is_read_as_utf8(tmp_path: Path) -> None:
    from harness.flows.by_whom import own_name

    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run(["git", "config", "user.name", "Zoë Łuk"], cwd=tmp_path, check=True)
    assert own_name(tmp_path) == "Zoë Łuk"
