"""Who reviewed how much, how fast and how alike; second looks are blind and enter no rate."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest

from harness.errors import RequestError
from harness.flows.queries import reviewers_page, second_looks_page
from harness.flows.reviews.file_review import file_review
from harness.records import ON_BENCHMARK, SECOND_LOOK, SYNTHETIC, Review, Reviewers
from harness.store import Store
from harness.store.editing_times import week_times
from tests.cli.conftest import Type, project, typed
from tests.fakes.project import TinyProject
from tests.fakes.refusals import refused

__all__ = ["project", "typed"]
ONE = Review(
    "r1", "2026-03-02T10:00:00.000Z", "openers", "good", "", "To: Ana", "Hi Ana?", "accepted",
    "Hi Ana?", "Kim", edit_rate=0.0, character_rate=0.0,
)  # fmt: skip
EDITED = {"decision": "edited", "final": "Hi, Ana!", "edit_rate": 0.5}


def page(project: TinyProject, *reviews: Review, task: str | None = None) -> Reviewers:
    with closing(project.store()) as store:
        store.reviews.keep(reviews)
        return reviewers_page(project.project, store, task)


def test_no_review_yet(project: TinyProject, typed: Type) -> None:
    found = page(project)
    assert (found.rows, found.seconds, found.agreement.share.value) == ((), None, None)
    assert typed("reviews", "reviewers").out.startswith("no review yet")


def test_each_person_has_a_row_the_busiest_first(project: TinyProject) -> None:
    found = page(
        project,
        ONE,
        replace(ONE, id="r2", input="To: Ben", seconds=10.0),
        replace(ONE, id="r3", input="To: Eva", seconds=50.0, **EDITED),
        replace(ONE, id="r4", reviewer="Lee", source=ON_BENCHMARK, seconds=5.0),
        replace(ONE, id="r5", reviewer="Lee", input="x", source=SYNTHETIC),
    )
    kim, lee = found.rows
    assert (kim.name, kim.production, kim.others, kim.accepted, kim.edited) == ("Kim", 3, 0, 2, 1)
    assert (kim.edit.value, kim.edit.n) == (pytest.approx(0.5 / 3), 3)
    assert (kim.timed, kim.seconds) == (2, 30.0)
    assert (lee.production, lee.others, lee.synthetic, lee.timed) == (1, 1, 1, 1)
    assert (found.timed, found.seconds) == (3, 10.0)


def test_the_same_output_by_two_people_is_compared(project: TinyProject) -> None:
    found = page(
        project,
        ONE,
        replace(ONE, id="r2", reviewer="Lee"),
        replace(ONE, id="r3", input="To: Ben"),
        replace(ONE, id="r4", input="To: Ben", reviewer="Lee", **EDITED),
        replace(ONE, id="r5", input="To: Eva"),
        replace(ONE, id="r6", input="To: Eva"),  # the same person again is no second person
        replace(ONE, id="r7", reviewer=""),  # a review without a name could be anybody's
        replace(ONE, id="r8", output="Other", reviewer="Lee"),  # another output
    )
    assert found.outputs == 2
    assert (found.agreement.share.value, found.agreement.share.n) == (0.5, 2)
    assert {row.agreement.share.n for row in found.rows if row.name} == {2}


def test_a_task_that_nobody_knows_is_refused(project: TinyProject) -> None:
    with refused("opener: no such task, did you mean `openers`", RequestError):
        page(project, task="opener")


def second(project: TinyProject, store: Store, reviewer: str) -> list[str]:
    return [one.input for one in second_looks_page(project.project, store, "openers", reviewer)]


def test_a_second_look_is_at_what_others_did_and_only_once(project: TinyProject) -> None:
    with closing(project.store()) as store:
        store.reviews.keep(
            [ONE, replace(ONE, id="r2", input="To: Ben", reviewer="Lee"),
             replace(ONE, id="r3", input="To: Eva", source=SYNTHETIC)]
        )  # fmt: skip
        assert second(project, store, "Kim") == ["To: Ben"]
        assert second(project, store, "Lee") == ["To: Ana"]
        assert second(project, store, "") == []
        before = store.reviews.rates("task")
        (one,) = second_looks_page(project.project, store, "openers", "Lee")
        made = file_review(project.project, store, one, "rejected", reviewer="Lee", seconds=12.34)
        assert (made.source, made.seconds) == (SECOND_LOOK, 12.3)
        assert store.reviews.rates("task") == before
        assert second(project, store, "Lee") == [] == second(project, store, "Ana")[1:]
        found = reviewers_page(project.project, store)
    assert (found.agreement.share.value, found.agreement.share.n) == (0.0, 1)


def test_a_masked_second_look_is_filed_with_the_words_as_they_were(project: TinyProject) -> None:
    project.settings('[tool.harness.privacy]\nredact = ["email"]\n')
    written = replace(ONE, output="Write to ana@acme.com", final="Write to ana@acme.com")
    with closing(project.store()) as store:
        store.reviews.keep([written])
        (one,) = second_looks_page(project.project, store, "openers", "Lee")
        assert one.output == "Write to [email]"
        made = file_review(
            project.project, store, one, "accepted", reviewer="Lee", final=one.output
        )
    assert made.output == made.final == "Write to ana@acme.com"


def test_where_texts_are_left_out_nobody_looks(project: TinyProject) -> None:
    project.settings("[tool.harness.privacy]\ntexts = false\n")
    with closing(project.store()) as store:
        store.reviews.keep([ONE])
        assert second(project, store, "Lee") == []


def test_the_command_says_the_same_in_words_and_json(project: TinyProject, typed: Type) -> None:
    page(project, replace(ONE, seconds=65.0), replace(ONE, id="r2", reviewer="Lee", seconds=5.0))
    done = typed("reviews", "reviewers")
    assert done.code == 0
    assert "1:05 min" in done.out and "agreement: 100.0 %" in done.out
    assert "the alarm does not hear it" in done.out
    found = typed("reviews", "reviewers", "--json").json
    assert [row["median_seconds"] for row in found["reviewers"]] == [65.0, 5.0]
    assert found["agreement"]["pairs"] == 1 and found["median_seconds"] == 35.0


@pytest.mark.slow
def test_postgresql_counts_the_same(project: TinyProject, postgresql: str) -> None:
    made = [
        replace(ONE, seconds=10.5), replace(ONE, id="r2", reviewer="Lee", seconds=4.0, **EDITED),
        replace(ONE, id="r3", input='A "quoted" line\nand one more', reviewer="Lee"),
    ]  # fmt: skip
    here = page(project, *made)
    with closing(Store(postgresql, project.folder)) as store:
        store.reviews.keep(made)
        assert reviewers_page(project.project, store) == here
        there = week_times(store.database, "openers", ("good", ""))
    with closing(project.store()) as store:
        assert week_times(store.database, "openers", ("good", "")) == there
    assert (here.outputs, there[0].seconds, there[0].edit_squared) == (1, 14.5, 0.25)
