"""The page Grid: scores as figures and colour, filtered, ordered, searched, and as a file."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard import words
from tests.dashboard.conftest import HOSTILE, Open, Opened
from tests.fakes.project import BENCHMARK, CASES, TASK
from tests.fakes.served import ServedProject

pytestmark = pytest.mark.slow


def table(page: Opened) -> Any:
    """Return the frame that the grid shows."""
    (shown,) = page.at.dataframe
    return shown.value


def cases(page: Opened) -> list[str]:
    return [link.rpartition("case=")[2] for link in table(page)["case id"]]


def test_every_adapter_has_a_column_and_every_case_a_row_with_a_link(
    many: ServedProject, opened: Open
) -> None:
    page = opened(many).page("grid")
    assert not page.trouble
    assert page.title == "Ideal likelihood: 8 cases × 4 adapters"
    assert "8 of 8 cases, 4 of 4 adapters shown" in page.html
    assert list(table(page))[:5] == ["case id", "v2", "v3", "v1", "base"]
    assert cases(page) == [case["id"] for case in CASES]
    assert table(page)["case id"][0].startswith("cases?task=openers&benchmark=openers&metric=")
    assert "in production" in page.html


def test_slices_words_order_and_adapters_are_chosen_by_the_address(
    many: ServedProject, opened: Open
) -> None:
    page = opened(many)
    asked = {"slice": "industry=health", "find": "OAK", "adapters": ["v3", "base"]}
    page.at.query_params.update(asked)
    page.page("grid")
    assert cases(page) == ["health-2"]
    assert list(table(page))[1:3] == ["v3", "base"]
    page.at.text_input("find").set_value("").run()
    page.at.selectbox("order").set_value("worst").run()
    scores = [row.mean() for row in table(page)[["v3", "base"]].to_numpy()]
    assert len(scores) == 4 and scores == sorted(scores)


def test_words_that_no_case_has_leave_a_line_and_no_grid(many: ServedProject, opened: Open) -> None:
    page = opened(many).page("grid")
    page.at.text_input("find").set_value("nowhere at all").run()
    assert "No case fits" in page.html
    assert not page.at.dataframe


def test_a_colour_stands_behind_every_score_and_none_behind_a_missing_one(
    many: ServedProject, opened: Open
) -> None:
    page = opened(many).page("grid")
    (shown,) = page.at.dataframe
    style = shown.proto.arrow_data.styler.styles
    assert style.count("background-color") >= 4
    shown_as = shown.proto.arrow_data.styler.display_values
    assert b"0.82" in shown_as


def test_what_an_adapter_or_a_slice_is_called_is_only_text(
    none: ServedProject, opened: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    first = {**CASES[0], "slices": {"industry": HOSTILE[:60], "case id": "x"}}
    none.benchmark(TASK, BENCHMARK, [first, *CASES[1:]])
    none.line("v1")
    page = opened(none).page("grid")
    assert not page.trouble
    assert "\u202e" not in str(page.at.dataframe[0].proto)


def test_names_of_one_family_are_told_apart_by_their_ends() -> None:
    family = ["acme/openers_voice_v10", "acme/openers_voice_v12", "base"]
    assert words.told_apart(family, 7) == {
        "acme/openers_voice_v10": "v10",
        "acme/openers_voice_v12": "v12",
        "base": "base",
    }
    assert words.told_apart(["v1", "v2"], 7) == {"v1": "v1", "v2": "v2"}
    assert words.told_apart([], 7) == {}
    assert words.told_apart(["voice", "voice_v2"], 7) == {"voice": "voice", "voice_v2": "vo…e_v2"}
    assert words.short("first-lines-in-our-voice.v12", 12) == "firs…ice.v12"
