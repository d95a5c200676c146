"""From page to page: project and task in every title, the task kept, Back after each choice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dashboard.navigation import PAGES
from tests.dashboard.conftest import NEEDS_BROWSER, Open
from tests.dashboard.screenshots import PAGES as PICTURED
from tests.dashboard.screenshots import Visit, browser, served
from tests.fakes.served import ServedProject

pytestmark = NEEDS_BROWSER
NAMES = {name: title for name, title, _ in PAGES}


@pytest.fixture(scope="module")
def visit(_many: ServedProject, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """Open a window on a project of two tasks."""
    folder = tmp_path_factory.mktemp("links") / "voices"
    project = ServedProject.copy_of(_many, folder)
    project.second_task()
    project.judge("v2", task="replies")
    with served(project.folder) as url, browser() as opened:
        yield Visit.to(url, opened)


def task(visit: Visit) -> str:
    return visit.page.get_by_label("Task").input_value()


def choose(visit: Visit, label: str, option: str) -> None:
    visit.page.get_by_label(label, exact=True).click()
    visit.page.get_by_role("option", name=option, exact=True).click()
    visit.settle()


def follow(visit: Visit, title: str) -> None:
    visit.page.get_by_role("link", name=title, exact=True).first.click()
    visit.page.wait_for_function(f"document.title.startsWith('{title} ·')")
    visit.settle()


def test_every_page_has_a_link_and_a_picture() -> None:
    assert tuple(NAMES) == PICTURED


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_the_browsers_tab_and_the_page_name_project_and_task(visit: Visit, name: str) -> None:
    visit.go(name, task="replies")
    assert visit.page.title() == f"{NAMES[name]} · replies · voices"
    assert visit.page.inner_text(".lh-where") == f"voices · replies · {NAMES[name]}"


@pytest.mark.long
def test_the_task_goes_along_to_every_page_and_into_its_link(visit: Visit) -> None:
    visit.go("now")
    assert task(visit) == "all tasks"
    choose(visit, "Task", "replies")
    for name, title in list(NAMES.items())[1:]:
        follow(visit, title)
        assert task(visit) == "replies"
        assert visit.page.url == f"{visit.url}/{name}?task=replies"


@pytest.mark.long
def test_back_takes_back_one_choice_after_the_other_and_then_the_page(visit: Visit) -> None:
    visit.go("cases", task="openers")
    follow(visit, "Compare")
    steps = [("Metric", "edit similarity"), ("Against", "v1"), ("Task", "replies")]
    for label, option in steps:
        choose(visit, label, option)
    assert task(visit) == "replies"
    seen = []
    for _ in range(4):
        visit.page.go_back()
        visit.settle()
        fields = ("Against", "Metric") if "compare" in visit.page.url else ("Metric",)
        values = [visit.page.get_by_label(one, exact=True).input_value() for one in fields]
        seen.append([visit.page.url.split("/")[-1].split("?")[0], task(visit), *values])
    assert seen == [
        ["compare", "openers", "v1", "edit similarity"],
        ["compare", "openers", "v2", "edit similarity"],
        ["compare", "openers", "v2", "ideal likelihood"],
        ["cases", "openers", "ideal likelihood"],
    ]
    visit.page.go_forward()
    visit.settle()
    assert "compare" in visit.page.url


@pytest.mark.long
def test_on_a_phone_every_page_is_a_tap_away_and_nothing_covers_the_page(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 400, "height": 900})
    visit.go("cases", task="replies")
    for title in NAMES.values():
        assert visit.page.get_by_role("link", name=title, exact=True).first.is_visible()
    follow(visit, "Ledger")
    assert visit.page.locator("h1").is_visible()
    assert visit.look(400, "light") == [0]
    visit.page.set_viewport_size({"width": 1280, "height": 900})


def test_pages_are_reached_by_keyboard(visit: Visit) -> None:
    visit.go("now", task="openers")
    visit.page.get_by_role("link", name="Grid", exact=True).focus()
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_function("document.title.startsWith('Grid ·')")


@pytest.mark.long
def test_a_score_of_the_grid_opens_its_texts_by_click_and_by_keyboard(visit: Visit) -> None:
    visit.go("grid", task="openers")
    box = visit.page.locator("[data-testid=stDataFrame]").bounding_box()
    assert box is not None
    visit.page.mouse.click(box["x"] + 270, box["y"] + 36 + 13)
    dialog = visit.page.get_by_role("dialog")
    dialog.get_by_text("This case across all adapters").wait_for()
    assert "logistics-1" in dialog.inner_text()
    visit.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    visit.page.locator("[data-testid=stDataFrame] canvas").first.focus()
    visit.page.keyboard.press("ArrowDown")
    dialog.get_by_text("logistics-2").wait_for()
    dialog.get_by_text("This case across all adapters").click()
    visit.page.wait_for_url("**/cases?task=openers&benchmark=openers&**case=logistics-2")


def test_a_case_of_the_grid_is_a_link_to_its_history(visit: Visit) -> None:
    visit.go("grid", task="openers")
    box = visit.page.locator("[data-testid=stDataFrame]").bounding_box()
    assert box is not None
    visit.page.mouse.move(box["x"] + 40, box["y"] + 36 + 13)
    with visit.page.context.expect_page() as opened:
        visit.page.mouse.click(box["x"] + 40, box["y"] + 36 + 13)
    opened.value.wait_for_selector("h1", timeout=60_000)
    assert opened.value.url.endswith("metric=ideal_likelihood&case=logistics-1")
    opened.value.close()


def test_a_task_that_is_not_there_is_said_with_those_that_are(
    many: ServedProject, opened: Open
) -> None:
    many.second_task()
    page = opened(many)
    page.at.query_params["task"] = "repleis"
    page.page("compare")
    assert "task “repleis”, which is not here; there are openers, replies" in page.html
    assert page.at.selectbox("task").value == "openers"


def test_now_ledger_and_reviewers_are_about_all_tasks_until_one_is_chosen(
    many: ServedProject, opened: Open
) -> None:
    many.second_task()
    page = opened(many)
    assert "2 tasks" in page.title
    page.at.selectbox("task").set_value("openers").run()
    assert page.title.startswith("v2 is in production")
    page.page("ledger")
    assert "2 decisions" in page.title
    page.at.selectbox("task").set_value("replies").run()
    assert page.title == "0 decisions of 2, no override"
    assert "No decision was taken for replies." in page.html
