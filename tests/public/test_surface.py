"""What people outside rest on changes only on purpose: `surface.txt` is how it stands.

A line that is new: `python -m tests.public.surface --write`, and a word of it in CHANGELOG.md.
A line that is gone or other breaks somebody: first see "Public surface" in CONTRIBUTING.md.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

import harness
from tests.public.surface import FROZEN, surface

WRITE = "python -m tests.public.surface --write"


@pytest.mark.slow
def test_nothing_public_goes_or_comes_unnoticed() -> None:
    frozen = FROZEN.read_text(encoding="utf-8").splitlines()
    now = surface()
    gone, new = sorted(set(frozen) - set(now)), sorted(set(now) - set(frozen))
    said = f"gone (a break, see CONTRIBUTING.md): {gone}\nnew (if meant, {WRITE}): {new}"
    assert not gone and not new, said
    assert now == frozen, f"{FROZEN.name} was changed by hand, {WRITE}"


def test_everything_public_is_listed_sorted_and_there() -> None:
    assert list(harness.__all__) == sorted(set(harness.__all__))
    assert dir(harness) == list(harness.__all__), "Tab shows what is promised, and nothing else"
    for name in harness.__all__:
        assert (getattr(harness, name).__doc__ or "").strip(), name


def test_types_go_with_the_package() -> None:
    assert (files("harness") / "py.typed").is_file()


def test_the_version_is_said_once() -> None:
    file = Path(__file__).resolve().parents[2] / "pyproject.toml"
    assert tomllib.loads(file.read_text())["project"]["version"] == harness.__version__
