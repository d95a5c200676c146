"""`sweep`: one table, and the exit code of the gravest."""

from __future__ import annotations

import pytest

from harness.cli.sweep import exit_code
from harness.records import JobResult
from tests.cli.conftest import Type
from tests.fakes.project import TinyProject


@pytest.mark.long
@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("good", "same"), 0),
        (("same", "broken"), 10),
        (("same", "nosuch"), 4),
        (("broken", "nosuch"), 4),
        (("nosuch", "bad", "broken"), 1),
        (("nosuch",), 4),
    ],
)
def test_the_gravest_is_the_exit_code(
    project: TinyProject, typed: Type, names: tuple[str, ...], code: int
) -> None:
    assert typed("sweep", *names).code == code


def test_what_could_not_be_judged_is_graver_than_what_was_refused() -> None:
    rows = [JobResult("a", None, error="x", code=4), JobResult("b", "c", error="x", code=11)]
    assert exit_code(rows) == 11


@pytest.mark.long
def test_the_table_and_json_hold_every_pair(project: TinyProject, typed: Type) -> None:
    found = typed("sweep", "good", "bad", "nosuch")
    assert found.err == ""
    assert found.out.splitlines()[0].split()[:3] == ["adapter", "benchmark", "outcome"]
    rows = typed("sweep", "good", "bad", "nosuch", "--json").json["rows"]
    assert {(row["adapter"], row["benchmark"], row["outcome"]) for row in rows} == {
        ("good", "openers", "promote"),
        ("good", "manners", "promote"),
        ("bad", "openers", "reject"),
        ("bad", "manners", "promote"),
        ("nosuch", None, None),
    }


@pytest.mark.slow
def test_options_reach_the_flow(project: TinyProject, typed: Type) -> None:
    found = typed("sweep", "bad", "same", "--benchmark", "openers", "--against", "bad", "--json")
    assert [row["verdict"]["promoted"] for row in found.json["rows"]] == ["bad", "bad"]


def test_no_name_is_a_wrong_request(project: TinyProject, typed: Type) -> None:
    assert typed("sweep").code == 4
    assert "benchmark" in typed("sweep", "good", "--benchmark", "nosuch").line
