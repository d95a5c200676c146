"""CONTRIBUTING's tree and walks name files that are there."""

from __future__ import annotations

import re

import pytest

from tests.docs.markdown import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
WALKS = TEXT.split("## Three walks")[1].split("## One place for each")[0]
PLACES = TEXT.split("## One place for each")[1].split("## Tests")[0]


@pytest.mark.parametrize("file", sorted(set(re.findall(r"`(harness/[\w/.]+)`", WALKS))))
def test_what_a_walk_names_is_there(file: str) -> None:
    place = ROOT / file
    assert place.is_dir() if file.endswith("/") else place.is_file()


def test_a_verdict_is_understood_from_fifteen_files() -> None:
    verdict = WALKS.split("**How a prompt")[0]
    assert len(set(re.findall(r"`harness/[\w/.]+`", verdict))) == 15


@pytest.mark.parametrize("module", sorted(set(re.findall(r"`([a-z_]+(?:/[a-z_]+)*)`", PLACES))))
def test_a_place_for_something_is_a_module(module: str) -> None:
    roots = (ROOT / "harness", ROOT)
    assert any((root / f"{module}.py").is_file() for root in roots)


def test_the_tree_names_every_room() -> None:
    tree = TEXT.split("## The tree")[1].split("An import goes down only")[0]
    folders = {
        file.parent.relative_to(ROOT / "harness").as_posix()
        for file in (ROOT / "harness").rglob("__init__.py")
    } - {".", "store/migrations", "render/report"}
    missing = sorted(f for f in folders if f"{f.rpartition('/')[2]}/" not in tree)
    assert missing == []
