"""Pages show texts as the project lets them be shown; what is filed from them stays exact."""

from dataclasses import replace
from datetime import date

import pytest

from harness.flows.project import Project
from harness.flows.queries import (
    blind_pairs,
    case_history,
    cases,
    compare,
    ledger,
    now,
    over_time,
    review_queue,
)
from harness.flows.reviews.file_review import file_review
from harness.records import Decision, Privacy
from tests.fakes.project import TASK

LISTED = Privacy(patterns=("Ana|Delta Freight",))
"""Both stand in the case logistics-1, its ideal and what adapters wrote."""
SHUT = Privacy(texts=False)

PAGES = {
    "cases": lambda project, store: cases(project, store),
    "case": lambda project, store: case_history(project, store, "openers", "logistics-1"),
    "compare": lambda project, store: compare(project, store),
    "review": lambda project, store: review_queue(project, store),
    "blind": lambda project, store: blind_pairs(project, store, TASK, "v1", "v2"),
    "ledger": lambda project, store: ledger(project, store),
    "now": lambda project, store: now(project, store, date(2026, 6, 1)),
    "over time": lambda project, store: over_time(project, store),
}


def showing(past, privacy):
    return Project(replace(past.project.settings, privacy=privacy))


@pytest.mark.long
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("privacy", [LISTED, SHUT], ids=["listed", "shut"])
def test_no_page_shows_what_the_project_hides(two, page, privacy):
    why, at = 'for Ana "Delta Freight"', "2026-03-01T00:00:00Z"
    two.store.decisions.add(Decision("pin", TASK, "v1", two.digest("v1"), "Ana", why, at))
    found = PAGES[page](showing(two, privacy), two.store)
    assert "Delta Freight" not in repr(found)
    assert "Ana" not in repr(found) or privacy is SHUT  # our own words stay, without quotations


@pytest.mark.long
@pytest.mark.parametrize("page", ["cases", "case", "compare", "review", "blind"])
def test_a_masked_page_is_the_page_with_marks(two, page):
    exact = repr(PAGES[page](two.project, two.store))
    assert "Delta Freight" in exact
    assert "[redacted]" in repr(PAGES[page](showing(two, LISTED), two.store))


@pytest.mark.long
def test_hidden_texts_still_tell_equal_from_changed(two):
    exact, shut = compare(two.project, two.store), compare(showing(two, SHUT), two.store)
    assert [one.flag for one in shut.cases] == [one.flag for one in exact.cases]


@pytest.mark.long
def test_what_a_masked_page_files_is_what_was_written(two):
    project = showing(two, LISTED)
    shown = review_queue(project, two.store).waiting[0]
    exact = review_queue(two.project, two.store).waiting[0]
    assert shown.key == exact.key and shown.output != exact.output
    kept = file_review(
        project, two.store, shown, "edited", reviewer="Ben", final=f"{shown.output} Thanks"
    )
    assert (kept.input, kept.output) == (exact.input, exact.output)
    assert kept.final == f"{exact.output} Thanks"


@pytest.mark.long
def test_outputs_that_nobody_may_read_are_not_reviewed_here(two):
    found = review_queue(showing(two, SHUT), two.store)
    assert found.waiting == () and "texts are left out" in found.missing
    assert blind_pairs(showing(two, SHUT), two.store, TASK, "v1", "v2") == ()
