"""The reviews that `make dashboard` imports are synthetic, and all of them are labelled so."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from perf.synthetic_reviews import REPORTS, production, reviews


def shipped() -> list[dict[str, object]]:
    text = (REPORTS / "reviews_synthetic.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


def test_every_one_is_labelled_and_counted_once() -> None:
    found = shipped()
    assert len(found) > 500
    assert {one["source"] for one in found} == {"synthetic"}
    assert len({one["id"] for one in found}) == len(found)


def test_the_script_makes_the_shipped_file_from_the_shipped_history() -> None:
    made = sorted(reviews(*production(REPORTS / "history.jsonl")), key=lambda one: str(one["at"]))
    told = [{key: value for key, value in one.items() if key != "id"} for one in shipped()]
    assert told == made, "run python perf/synthetic_reviews.py"


def test_no_review_says_what_its_texts_do_not() -> None:
    for one in shipped():
        same = one["output"] == one.get("final")
        assert (one["decision"] == "accepted") == same
        assert ("final" in one) == (one["decision"] != "rejected")


def test_edits_grow_until_the_first_adapter_is_replaced() -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    made = list(reviews("new", "old", since))
    old = [one["decision"] == "edited" for one in made if one["adapter"] == "old"]
    new = [one["decision"] == "edited" for one in made if one["adapter"] == "new"]
    third = len(old) // 3
    assert sum(old[:third]) < sum(old[-third:])
    assert sum(new) / len(new) < sum(old) / len(old)
