"""In a real browser: every page in two sizes and lights, a filter, a case, a review by keyboard."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dashboard.conftest import NEEDS_BROWSER
from tests.dashboard.screenshots import PAGES, SCHEMES, WIDTHS, Visit, browser, served
from tests.fakes.project import TASK
from tests.fakes.served import ServedProject

pytestmark = NEEDS_BROWSER


@pytest.fixture(scope="module")
def visited(
    _many: ServedProject, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ServedProject, Visit]]:
    """Open one server and one window for all tests here."""
    project = ServedProject.copy_of(_many, tmp_path_factory.mktemp("browser") / "project")
    with served(project.folder) as url, browser() as opened:
        yield project, Visit.to(url, opened)


@pytest.fixture
def visit(visited: tuple[ServedProject, Visit]) -> Visit:
    """Return the window."""
    return visited[1]


@pytest.mark.long
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_every_screen_and_asks_nobody_else(
    visit: Visit, name: str, tmp_path: Path
) -> None:
    kept = Path(os.environ.get("DASHBOARD_SHOTS", tmp_path))
    visit.go(name)
    for width in WIDTHS:
        for scheme in SCHEMES:
            file = kept / f"{name}-{width}-{scheme}.png"
            assert visit.look(width, scheme, file) == [0], (width, scheme)
            assert file.stat().st_size > 5_000
    assert visit.elsewhere == []


@pytest.mark.long
def test_a_case_is_filtered_opened_and_its_hostile_output_does_nothing(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 1280, "height": 900})
    visit.go("compare", slice="industry%3Dlogistics", case="logistics-1")
    shown = visit.page.inner_text("[data-testid=stMain]")
    assert "logistics-1" in shown
    assert '<script>document.title="owned"</script> ![x](https://evil.example/x.png)' in shown
    assert "\\u202etxt.exe" in shown
    assert visit.page.title() != "owned"
    assert visit.page.locator("[data-testid=stMain] img").count() == 0
    assert (visit.elsewhere, visit.dialogs) == ([], [])


@pytest.mark.long
def test_a_click_on_a_dot_opens_its_case(visit: Visit) -> None:
    visit.go("compare")
    dots = visit.page.locator("[data-testid=stVegaLiteChart] svg g.mark-symbol path")
    dots.nth(dots.count() - 1).click()
    visit.page.wait_for_url("**case=health-4**")
    visit.settle()
    assert visit.page.locator(".lh-task").inner_text() == "health-4"


@pytest.mark.long
def test_a_choice_stands_in_the_address(visit: Visit) -> None:
    visit.go("compare")
    visit.page.get_by_label("Against", exact=True).click()
    visit.page.get_by_role("option", name="v1").click()
    visit.settle()
    assert "against=v1" in visit.page.url


def test_a_review_is_filed_by_keyboard(visited: tuple[ServedProject, Visit]) -> None:
    project, visit = visited
    visit.go("review")
    visit.page.get_by_label("Your name").fill("Ben A")
    visit.page.keyboard.press("Enter")
    visit.settle()
    before = visit.page.inner_text("h1")
    visit.page.locator("h1").click()
    visit.page.keyboard.press("a")
    visit.page.wait_for_function(
        "old => document.querySelector('h1').innerText !== old", arg=before
    )
    with project.opened() as store:
        (made,) = [one for one in store.reviews.each("openers") if one.reviewer == "Ben A"]
    assert (made.decision, made.source) == ("accepted", "benchmark")


@pytest.mark.long
def test_a_review_is_undone_by_keyboard(visited: tuple[ServedProject, Visit]) -> None:
    project, visit = visited
    visit.go("review")
    with project.opened() as store:
        before = store.reviews.count()
    visit.page.get_by_label("Your name").fill("Undine")
    visit.page.keyboard.press("Enter")
    visit.settle()
    for key, said in (("x", "Rejected: "), ("u", "Undone")):
        visit.page.locator("h1").click()
        visit.page.keyboard.press(key)
        visit.page.locator("[role=status]", has_text=said).wait_for()
        visit.settle()
    with project.opened() as store:
        assert store.reviews.count() == before


@pytest.mark.long
def test_eight_sessions_accept_four_times_at_once_and_every_output_is_reviewed_once(
    visited: tuple[ServedProject, Visit],
) -> None:
    project, visit = visited
    sessions, clicks = 8, 4
    lines = [
        {"task": TASK, "adapter": "v1", "input": f"input {n}", "output": f"output {n}"}
        for n in range(sessions * clicks)
    ]
    project.write_lines("reports/waiting/today.jsonl", lines)
    opened = visit.page.context.browser
    assert opened is not None
    visits = [Visit.to(visit.url, opened) for _ in range(sessions)]
    for n, one in enumerate(visits):
        one.go("review", adapter="v1")
        one.page.get_by_label("Your name").fill(f"Session {n}")
        one.page.keyboard.press("Enter")
        one.settle()
    answered = 0
    for turn in range(1, clicks + 1):
        for one in visits:
            # Without Playwright's waiting: all eight clicks go out within a moment.
            one.page.evaluate(
                "[...document.querySelectorAll('button')]"
                ".find(each => each.innerText.includes('Accept')).click()"
            )
        for one in visits:
            one.page.get_by_text(f"{turn} by you in this session").wait_for(timeout=60_000)
            answered += one.page.locator("[role=status]", has_text="Accepted: ").count()
            assert one.page.locator("[role=alert]").count() == 0
            one.settle()
    for one in visits:
        one.page.context.close()
    with project.opened() as store:
        reviews = [one for one in store.reviews.each(TASK) if one.source == "dashboard"]
    assert answered == sessions * clicks
    assert sorted(one.output for one in reviews) == sorted(line["output"] for line in lines)
    assert Counter(one.reviewer for one in reviews) == {f"Session {n}": 4 for n in range(sessions)}


def test_no_other_site_can_frame_a_page(visit: Visit) -> None:
    framed = visit.page.context.new_page()
    # The same machine under another name is another site, as evil.example would be.
    other = visit.url.replace("127.0.0.1", "localhost")
    framed.goto(f"{visit.url}/_stcore/health")
    framed.set_content(f"<iframe src='{visit.url}/review'></iframe><iframe src='{other}'></iframe>")
    framed.wait_for_timeout(1500)
    for frame in framed.frames[1:]:
        assert "error" in frame.url, "the browser shows its own error page in the frame"
        assert frame.locator("[data-testid=stApp]").count() == 0
    framed.close()


def test_letters_typed_into_a_field_are_letters(visited: tuple[ServedProject, Visit]) -> None:
    project, visit = visited
    visit.go("review")
    with project.opened() as store:
        before = store.reviews.count()
    visit.page.get_by_label("Reason (optional)").press_sequentially("axes")
    visit.settle()
    with project.opened() as store:
        assert store.reviews.count() == before
    assert visit.page.get_by_label("Reason (optional)").input_value() == "axes"


def test_the_ledger_and_its_csv_can_be_taken_along(visit: Visit) -> None:
    visit.go("ledger")
    with visit.page.expect_download() as taken:
        visit.page.get_by_role("button", name="CSV").click()
    text = taken.value.path().read_text(encoding="utf-8-sig")
    assert text.startswith("seq,at,kind,task,adapter")
    assert "promote" in text
