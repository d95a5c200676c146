"""How work is spread is read from settings."""

from __future__ import annotations

import pytest

from harness.errors import SettingsError
from harness.records import Cluster
from harness.workspace.formats.fields import Table
from harness.workspace.project.cluster import read_cluster
from tests.fakes.refusals import refused

WHERE = "pyproject.toml [tool.harness] [ray]"


def cluster(**raw: object) -> Cluster:
    return read_cluster(Table(raw, WHERE, SettingsError))


def test_nothing_need_be_said() -> None:
    assert cluster() == Cluster()


def test_everything_can_be_said() -> None:
    said = {"actors": 2, "cores": 4, "patience": 30.0, "shared": "/mnt/shared"}
    assert cluster(**said) == Cluster(**said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("actors", -1, "`actors` is -1, allowed are 0 to 4096"),
        ("cores", 1.5, "`cores` is a number, a whole number is needed"),
        ("patience", 0, "`patience` is 0, allowed are 1 to 86400"),
        ("shared", "copies", "`shared` must be an absolute path"),
        ("actor", 2, "unknown key `actor`, did you mean `actors`?"),
        ("address", "host:1", "unknown key `address`"),
    ],
)
def test_what_cannot_be_is_refused_by_name(key: str, value: object, line: str) -> None:
    with refused(line, SettingsError):
        cluster(**{key: value})
