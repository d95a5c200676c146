"""Notices hold names and figures, in JSON that Slack and Teams take."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from harness.records import NOTICE_KINDS, Decision, EndpointCheck, Notice
from harness.render.notices import (
    EXAMPLES,
    alarm_notices,
    decision_notice,
    payload,
    served_notice,
    verdict_notice,
)
from tests.render.second import SECOND, second_full_of

HOSTILE = Notice("promote", "promote: a", (("by", "<!channel> *Ana* & <https://x|y> \u202e"),))


def test_there_is_an_example_of_each_kind() -> None:
    assert tuple(EXAMPLES) == NOTICE_KINDS == tuple(one.kind for one in EXAMPLES.values())


def test_slack_gets_a_text_in_which_nothing_acts() -> None:
    assert payload(HOSTILE, "slack") == {
        "text": "promote: a\nby: &lt;!channel&gt; *Ana* &amp; &lt;https://x|y&gt; \\u202e",
        "mrkdwn": False,
    }


def test_teams_gets_an_adaptive_card_whose_text_is_no_markdown() -> None:
    body = payload(HOSTILE, "teams")
    (attachment,) = body["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.2")
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    words = [run["text"] for block in card["body"] for run in block["inlines"]]
    assert words == ["promote: a", "by: <!channel> *Ana* & <https://x|y> \\u202e"]


def decision(kind: str) -> Decision:
    return Decision(kind, "openers", "v2", "d" * 64, "Ana", "zorvwhy", "2026-01-01T00:00:00Z")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["promote", "reject", "rollback"])
def test_a_decision_is_told_without_its_reason(kind: str) -> None:
    notice = decision_notice(decision(kind))
    assert notice is not None and notice.kind == kind
    assert "zorvwhy" not in json.dumps(payload(notice, "slack"))


@pytest.mark.parametrize("kind", ["pin", "accept", "acknowledge"])
def test_other_decisions_are_not_told(kind: str) -> None:
    assert decision_notice(decision(kind)) is None


def endpoint(outcome: str, answers: str) -> EndpointCheck:
    return EndpointCheck(
        "openers", "http://inside.example/v1", "openers", "2026-01-01T00:00:00Z", "v2", "d" * 64,
        outcome, answers,  # type: ignore[arg-type]
    )  # fmt: skip


def test_an_endpoint_is_told_only_where_another_answers_and_without_its_address() -> None:
    assert served_notice(endpoint("same", "promoted")) is None
    assert served_notice(endpoint("unknown", "unknown")) is None
    notice = served_notice(endpoint("other", "base"))
    assert notice is not None
    assert notice.head == "served: the endpoint of openers does not answer as v2"
    assert notice.facts == (("answers", "the plain base answers"),)


def test_no_alarm_is_no_notice() -> None:
    assert alarm_notices([]) == []


def test_a_verdict_is_told_by_names_and_counts_however_much_text_it_holds() -> None:
    notice = verdict_notice(second_full_of("zorv", replace(SECOND, advice=("zorv",))))
    assert notice is not None and notice.kind == "reject"
    assert "zorv" not in json.dumps([payload(notice, "slack"), payload(notice, "teams")])


def test_an_open_verdict_is_not_told() -> None:
    assert verdict_notice(replace(SECOND, outcome="inconclusive")) is None
