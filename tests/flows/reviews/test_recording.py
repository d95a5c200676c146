"""Outputs and reviews from a team's own tool: once by id, from any number of processes."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.errors import DataError, HarnessError
from harness.flows.queries import review_queue
from harness.flows.reviews.file_review import file_review
from harness.records import Review
from harness.store import Store
from tests.cli.conftest import project
from tests.fakes.project import TinyProject
from tests.fakes.refusals import refused

__all__ = ["project"]
OUTPUT = {"task": "openers", "input": "Ana, Delta Freight", "output": "Hi Ana, 4 trucks?"}


def reviews(project: TinyProject) -> list[Review]:
    with closing(project.store()) as store:
        return list(store.reviews.each())


def waiting(project: TinyProject) -> list[tuple[str, str]]:
    with closing(project.store()) as store:
        return [
            (one.key, one.output) for one in review_queue(project.project, store).waiting
            if one.origin == "production"
        ]  # fmt: skip


def test_an_output_of_what_is_promoted_waits_in_the_queue(project: TinyProject) -> None:
    assert harness.record_output(id="mail-7", **OUTPUT) == "mail-7"
    assert waiting(project) == [("mail-7", "Hi Ana, 4 trucks?")]
    with closing(project.store()) as store:
        kept, held = store.production.by_id("mail-7"), store.decisions.promoted("openers")
    assert kept is not None and held is not None
    assert (kept.adapter, kept.digest) == ("good", held.digest)


def test_a_review_ends_the_waiting_and_counts_as_an_imported_one(project: TinyProject) -> None:
    harness.record_output(id="mail-7", slices={"industry": "logistics"}, **OUTPUT)
    assert harness.record_review("mail-7", final="Hi Ana, 5 trucks?", reviewer="Kim", seconds=42.5)
    assert waiting(project) == []
    (kept,) = reviews(project)
    assert (kept.decision, kept.reviewer, kept.seconds) == ("edited", "Kim", 42.5)
    assert (kept.adapter, kept.source) == ("good", "python")
    assert kept.slices == {"industry": "logistics"}
    assert kept.edit_rate == pytest.approx(1 / 4)
    with closing(project.store()) as store:
        (tally,) = store.reviews.rates("task")
    assert (tally.n, tally.edited) == (1, 1)


def test_repeated_calls_change_nothing(project: TinyProject) -> None:
    for new in (True, False, False):
        assert harness.record_output(id="mail-7", **OUTPUT) == "mail-7"
        assert harness.record_review("mail-7", "accepted", OUTPUT["output"]) is new
    assert len(reviews(project)) == 1


def test_without_an_id_the_content_is_the_id(project: TinyProject) -> None:
    made = harness.record_output(**OUTPUT)
    assert made == harness.record_output(**OUTPUT)
    assert made != harness.record_output(**OUTPUT | {"output": "Hi Ana?"})
    assert len(waiting(project)) == 2


def test_a_known_id_with_other_words_is_refused(project: TinyProject) -> None:
    harness.record_output(id="mail-7", **OUTPUT)
    with refused("output 'mail-7' is recorded already and says something else", DataError):
        harness.record_output(id="mail-7", **OUTPUT | {"output": "Dear Sir"})
    harness.record_review("mail-7", "rejected")
    with refused("review 'mail-7' is in the store already and says something else", DataError):
        harness.record_review("mail-7", "accepted", OUTPUT["output"])


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a task": ({"task": "opener"}, "no benchmark is for task 'opener', did you mean `openers`"),
    "no output": ({"output": " "}, "`output` is empty"),
    "no input": ({"input": ""}, "`input` is empty"),
    "an adapter": ({"adapter": "goood"}, "adapter 'goood' is unknown, did you mean `good`"),
    "a digest": ({"adapter": "good", "digest": "ab"}, "`digest` is 'ab', 64 hexadecimal digits"),
    "a time": ({"at": "yesterday"}, "`at` is"),
    "both": ({"messages": [{"role": "user", "content": "Hi"}]}, "has `input` and `messages`"),
    "a long id": ({"id": "x" * 201}, "more than 200 characters"),
}


@pytest.mark.parametrize(("more", "line"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_one_line_and_nothing_is_recorded(
    project: TinyProject, more: dict[str, Any], line: str
) -> None:
    with pytest.raises(HarnessError) as problem:
        harness.record_output(**OUTPUT | more)
    assert line in str(problem.value) and "\n" not in str(problem.value)
    assert waiting(project) == []


def test_a_review_of_what_nobody_recorded_is_refused(project: TinyProject) -> None:
    with refused("output 'mail-9' is not recorded, record_output does that", DataError):
        harness.record_review("mail-9", "accepted")


@pytest.mark.parametrize("seconds", [-1, 1e9, float("nan"), 44_328])
def test_a_time_that_cannot_be_is_refused(project: TinyProject, seconds: float) -> None:
    harness.record_output(id="mail-7", **OUTPUT)
    with refused("`seconds` is", DataError):
        harness.record_review("mail-7", "rejected", seconds=seconds)
    assert reviews(project) == []


def test_a_conversation_is_recorded_whole(project: TinyProject) -> None:
    turns = [
        {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "And now?"},
    ]  # fmt: skip
    harness.record_output(
        "openers", id="talk", messages=turns, output="Now this.", system="Be brief.", context=["c"]
    )
    harness.record_review("talk", "rejected")
    (kept,) = reviews(project)
    assert (kept.input, len(kept.turns), kept.system) == ("And now?", 2, "Be brief.")
    assert kept.context == ("c",)


@pytest.mark.long
def test_a_promotion_meanwhile_is_noticed(project: TinyProject) -> None:
    harness.record_output(id="before", **OUTPUT)
    project.promote("same")
    harness.record_output(id="after", **OUTPUT | {"input": "Ben"})
    with closing(project.store()) as store:
        authors = [
            getattr(store.production.by_id(one), "adapter", "") for one in ("before", "after")
        ]
    assert authors == ["good", "same"]


def test_where_nothing_is_promoted_the_author_must_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    fresh = TinyProject(tmp_path / "fresh")
    with refused("nothing is promoted for openers, say which `adapter`", DataError):
        harness.record_output(project=fresh.folder, **OUTPUT)
    harness.record_output(project=fresh.folder, adapter="base", **OUTPUT)


@pytest.mark.slow
def test_a_recorded_output_can_be_reviewed_on_the_page(project: TinyProject) -> None:
    harness.record_output(id="mail-7", **OUTPUT)
    with closing(project.store()) as store:
        (one,) = (o for o in review_queue(project.project, store).waiting if o.key == "mail-7")
        file_review(project.project, store, one, "accepted", reviewer="Kim", final=one.output)
    (kept,) = reviews(project)
    assert (kept.id, kept.source) == ("mail-7", "dashboard")


RACER = """
import harness, sys
more = {"adapter": "base", "store": sys.argv[2] or None}
for n in range(40):
    harness.record_output("openers", id=f"m{n}", input=f"Ana {n}", output=f"Hi {n}", **more)
    harness.record_review(f"m{n}", "accepted", f"Hi {n}", reviewer="Kim", store=more["store"])
    mine = f"m{sys.argv[1]}-{n}"
    harness.record_output("openers", id=mine, input=f"Ben {n}", output=f"Yo {n}", **more)
"""


def race(project: TinyProject, store: str = "") -> None:
    root = Path(harness.__file__).parents[1]
    code = f"import sys; sys.path.insert(0, {str(root)!r})\n{RACER}"
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", code, who, store], cwd=project.folder, stderr=subprocess.PIPE
        )
        for who in "abc"
    ]
    for one in racers:
        _, said = one.communicate(timeout=120)
        assert one.returncode == 0, said.decode()


def counted(store: Store) -> tuple[list[str], tuple[int, int]]:
    return sorted(r.id for r in store.reviews.each()), store.production.counts("openers", "base")


ONCE_EACH = (sorted(f"m{n}" for n in range(40)), (3 * 40, 40))


@pytest.mark.long
def test_three_processes_record_the_same_and_each_is_there_once(project: TinyProject) -> None:
    race(project)
    with closing(project.store()) as store:
        assert counted(store) == ONCE_EACH


@pytest.mark.slow
def test_three_processes_do_so_on_postgresql_too(project: TinyProject, postgresql: str) -> None:
    race(project, postgresql)
    with closing(Store(postgresql, project.folder)) as store:
        assert counted(store) == ONCE_EACH
