"""Which lines a `--retire` means: a pattern in the output, a slice, or what came before a day."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import RequestError
from harness.flows.training.data_versions import make_version
from harness.flows.training.retiring import retired_by
from harness.workspace.project.data_versions import LoggedVersion, append, log_of, read_log
from harness.workspace.project.training_data import read_training_set
from tests.fakes.project import TinyProject

VOICE = "adapters/datasets/voice.jsonl"
LINES = [
    {"input": "a", "output": "Dear Ana", "slices": {"kind": "letter"}},
    {"input": "b", "output": "Hi Ben", "slices": {"kind": "opener"}},
    {"input": "c", "output": "Dear Cleo", "retired": "2026-01-01"},
    {"input": "d", "output": "Hi = hello"},
]


@pytest.fixture
def voice(project: TinyProject) -> Path:
    return project.write_lines(VOICE, LINES)


def lines(voice: Path, *rules: str) -> set[int]:
    return retired_by(rules, read_training_set(voice).examples, voice)


@pytest.mark.parametrize(
    ("rules", "meant"),
    [
        ((), set()),
        (("^Dear",), {1}),
        (("kind=opener",), {2}),
        (("^Dear", "kind = opener"), {1, 2}),
        (("Hi = hello",), {4}),
        ((".",), {1, 2, 4}),
    ],
)
def test_rules_add_up_and_a_retired_line_stays_as_it_is(
    voice: Path, rules: tuple[str, ...], meant: set[int]
) -> None:
    assert lines(voice, *rules) == meant


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("Bonjour", "no example of voice.jsonl is meant by it"),
        ("kind=none", "no example of voice.jsonl is meant by it"),
        ("(", "missing )"),
        ("before June", "is no day, write it as 2026-06-01"),
        ("before 2026-06-01", "voice has no versions"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(voice: Path, rule: str, says: str) -> None:
    with pytest.raises(RequestError, match="--retire") as refused:
        lines(voice, rule)
    assert says in str(refused.value)


@pytest.mark.long
def test_a_pattern_that_runs_for_ever_ends_in_a_line(project: TinyProject) -> None:
    file = project.write_lines(VOICE, [{"input": "a", "output": "a" * 5_000 + "!"}])
    with pytest.raises(RequestError, match="write it without nested repeats"):
        lines(file, r"(a|a|aa)+(a|a)+$")


@pytest.mark.slow
def test_before_a_day_goes_by_the_versions(project: TinyProject, voice: Path) -> None:
    make_version(project.project, Path("voice"), by="Ana", why="first")
    later = [*LINES[:3], LINES[3] | {"repeat": 3}, {"input": "e", "output": "Hi Eva"}]
    project.write_lines(VOICE, later)
    make_version(project.project, Path("voice"), by="Ana", why="more")
    dated(voice, "2026-02-01", "2026-05-01")
    assert lines(voice, "before 2026-05-01") == {1, 2, 4}, "what is repeated came when it was new"
    assert lines(voice, "Before 2026-05-02") == {1, 2, 4, 5}
    with pytest.raises(RequestError, match="no example"):
        lines(voice, "before 2026-02-01")


def dated(file: Path, *days: str) -> None:
    """Write the log again, as it were with versions of these days."""
    logged = read_log(log_of(file))
    log_of(file).unlink()
    for one, day in zip(logged, days, strict=True):
        raw = json.loads(json.dumps(one.version.at)).replace(one.version.at[:10], day)
        version = type(one.version)(
            **{name: getattr(one.version, name) for name in one.version.__slots__} | {"at": raw}
        )
        append(log_of(file), read_log(log_of(file)), LoggedVersion(version, one.came, one.went))
