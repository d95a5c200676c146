"""What the reader chooses stands in the address, and what a link asks for is shown or said."""

from __future__ import annotations

import pytest

from tests.dashboard.conftest import Open
from tests.fakes.served import ServedProject

pytestmark = pytest.mark.slow


def test_a_choice_stands_in_the_address_and_the_usual_one_does_not(
    many: ServedProject, opened: Open
) -> None:
    page = opened(many).page("compare")
    assert page.at.query_params == {}
    page.at.selectbox("against").set_value("v1").run()
    page.at.multiselect("slice").set_value(["industry=health", "industry=logistics"]).run()
    assert page.at.query_params == {
        "against": "v1",
        "slice": ["industry=health", "industry=logistics"],
    }
    page.at.selectbox("against").set_value("v2").run()
    page.at.multiselect("slice").set_value([]).run()
    assert page.at.query_params == {}


def test_the_address_holds_when_it_changes_as_back_changes_it(
    many: ServedProject, opened: Open
) -> None:
    page = opened(many).page("compare")
    page.at.selectbox("against").set_value("v1").run()
    page.at.query_params = {"against": "base"}
    page.at.run()
    assert page.at.selectbox("against").value == "base"
    page.at.query_params = {}
    page.at.run()
    assert page.at.selectbox("against").value == "v2"


@pytest.mark.parametrize(
    ("page", "key", "asked", "said"),
    [
        ("compare", "candidate", "v9", "candidate “v9”, which is not here; there are v3, v2, v1"),
        ("cases", "case", "health-99", "case “health-99”, which is not here; there are logi"),
        ("cases", "metric", "nonsense", "metric “nonsense”, which is not here; there are ideal"),
        ("grid", "slice", "industry=x", "slices “industry=x”, which is not here; there are indus"),
        ("over_time", "from", "yesterday", "From yesterday, which is no day such as 2026-11-20"),
        ("review", "way", "guess", "how “guess”, which is not here; there are One by one"),
    ],
)
def test_a_name_that_is_not_there_is_said_in_one_line_with_what_is(
    many: ServedProject, opened: Open, page: str, key: str, asked: str, said: str
) -> None:
    shown = opened(many)
    shown.at.query_params[key] = asked
    shown.page(page)
    assert not shown.trouble
    lines = [line for line in shown.html.split("\n") if "The link asks for" in line]
    assert len(lines) == 1
    assert said in lines[0]


def test_of_many_names_a_few_are_listed_and_the_others_counted(
    many: ServedProject, opened: Open
) -> None:
    page = opened(many)
    page.at.query_params["case"] = "x" * 5_000 + "<script>"
    assert "health-1 and 3 more" in page.page("cases").html
    (line,) = (line for line in page.html.split("\n") if "The link asks for" in line)
    assert len(line) < 400
    assert "<script>" not in line


def test_links_of_the_first_version_name_what_the_page_shows(
    many: ServedProject, opened: Open
) -> None:
    page = opened(many)
    page.at.query_params["metric"] = "edit similarity"
    page.page("cases")
    assert page.at.selectbox("metric").value == "edit_similarity"
    assert "The link asks for" not in page.html


def test_a_page_of_a_list_beyond_its_end_is_its_last(many: ServedProject, opened: Open) -> None:
    page = opened(many)
    page.at.query_params.update({"page": "99", "overrides": "true"})
    page.page("ledger")
    assert not page.trouble
    assert page.at.toggle("overrides").value is True
