"""Two browser sessions on one store: what each is given, what its clicks do, and the way back."""

from __future__ import annotations

import pytest

from tests.dashboard.conftest import Open, Opened
from tests.fakes.project import TASK
from tests.fakes.served import ServedProject


def at_review(opened: Open, project: ServedProject, name: str = "") -> Opened:
    page = opened(project).page("review")
    if name:
        page.at.text_input("reviewer").set_value(name).run()
    return page


def shown(page: Opened) -> str:
    """Return the key of the output that a session has open."""
    (key,) = {str(each.key) for each in page.at.text_area}
    return key.removeprefix("final-")


def press(page: Opened, way: str) -> None:
    button = f"{way}-{shown(page)}" if way in ("accepted", "edited", "rejected") else way
    page.at.button(button).click().run()


def reviews(project: ServedProject) -> list[tuple[str, str, str | None]]:
    with project.opened() as store:
        some = store.reviews.each(TASK)
        return [(one.id, one.decision, one.final) for one in some if one.source == "benchmark"]


@pytest.mark.long
def test_two_sessions_are_given_two_outputs_and_keep_them(
    many: ServedProject, opened: Open
) -> None:
    one, other = at_review(opened, many, "Ana"), at_review(opened, many, "Ben")
    assert shown(one) != shown(other)
    before = shown(one), shown(other)
    one.at.run()
    other.at.run()
    assert (shown(one), shown(other)) == before


@pytest.mark.long
def test_each_click_is_answered_and_the_last_can_be_undone(
    many: ServedProject, opened: Open
) -> None:
    page = at_review(opened, many, "Ana")
    first = shown(page)
    page.at.text_area[0].set_value("Hi Ana, better words")
    press(page, "edited")
    assert 'role="status">Edited: ' in page.html
    assert shown(page) != first
    press(page, "undo")
    assert "Undone" in page.html
    assert reviews(many) == []
    assert shown(page) == first
    assert page.at.text_area[0].value == "Hi Ana, better words", "no word is typed twice"
    assert "undo" not in [button.key for button in page.at.button], "only the last one"
    press(page, "edited")
    assert reviews(many) == [(first, "edited", "Hi Ana, better words")]


@pytest.mark.long
def test_what_is_skipped_comes_again_after_the_others_and_others_may_take_it(
    many: ServedProject, opened: Open
) -> None:
    page = at_review(opened, many, "Ana")
    seen = []
    for _ in range(8):
        seen.append(shown(page))
        press(page, "skip")
    assert len(set(seen)) == 8
    assert shown(page) == seen[0]
    assert shown(at_review(opened, many, "Ben")) not in (shown(page), "")


@pytest.mark.long
def test_a_session_with_nothing_left_says_who_has_it_and_goes_on_with_ones_own(
    many: ServedProject, opened: Open
) -> None:
    holders = [at_review(opened, many, name) for name in ("Ana", *["Ben"] * 7)]
    assert len({shown(one) for one in holders}) == 8
    late = at_review(opened, many, "Ana")
    assert "open in other windows: Ana, Ben." in late.html
    assert not late.at.text_area
    late.at.button("take-over").click().run()
    assert shown(late) == shown(holders[0]), "a page that was loaded anew goes on where it was"
    press(late, "accepted")
    holders[0].at.run()
    assert "open in other windows: Ben." in holders[0].html


@pytest.mark.long
def test_of_two_clicks_on_one_output_the_second_is_told_and_keeps_its_words(
    many: ServedProject, opened: Open
) -> None:
    early, late = at_review(opened, many, "Ana"), at_review(opened, many, "Ben")
    with many.opened() as store:  # as if ten minutes had passed
        for claim in store.claims.of([shown(early), shown(late)]):
            store.claims.free(claim.holder)
    late = at_review(opened, many, "Ben")
    key = shown(early)
    assert shown(late) == key
    late.at.text_area[0].set_value("Words that took long")
    press(early, "accepted")
    late.at.button(f"edited-{key}").click().run()
    assert "reviewed this output meanwhile" in late.trouble[0]
    assert "Words that took long" in late.html
    assert [one[:2] for one in reviews(many)] == [(key, "accepted")]


@pytest.mark.long
def test_an_undone_blind_half_is_shown_again_in_its_pair(many: ServedProject, opened: Open) -> None:
    page = at_review(opened, many, "Ana")
    page.at.segmented_control("way").set_value("blind").run()
    both = [str(each.key) for each in page.at.text_area]
    assert len(both) == 2
    rejected = both[0].removeprefix("final-")
    page.at.button(f"rejected-{rejected}").click().run()
    assert "Rejected: output " in page.html
    assert [str(each.key) for each in page.at.text_area] == both[1:]
    press(page, "undo")
    assert [str(each.key) for each in page.at.text_area] == both
    assert reviews(many) == []
