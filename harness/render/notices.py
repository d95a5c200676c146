"""Notices for a team's chat, from names and figures alone, in Slack's form and in Teams'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.records import (
    Decision,
    EndpointCheck,
    Monitored,
    Notice,
    NoticeForm,
    NoticeKind,
    RetrainLine,
    Verdict,
)
from harness.render.monitor import TITLES
from harness.text import safe
from harness.text.figures import percent

_DECIDED: dict[str, tuple[NoticeKind, str]] = {
    "promote": ("promote", "is promoted"),
    "reject": ("reject", "is rejected"),
    "rollback": ("rollback", "is back in production"),
}
_ANSWERS = {
    "another": "another adapter answers",
    "base": "the plain base answers",
    "other base": "another base answers",
    "template": "its prompts or its sampling are others than were judged",
    "quantisation": "coarser weights answer",
    "partly": "a part of the adapter, or another one, answers",
}
TEST = Notice("test", "lora-harness: a test notice", (("project", "the address works"),))


def alarm_notices(found: Sequence[Monitored]) -> list[Notice]:
    """Return a notice for each task that the monitor would retrain."""
    return [
        Notice(
            "retrain",
            f"retrain: {one.promoted.adapter} no longer serves {one.task} as it did",
            tuple(
                (TITLES[watched.signal], _rate(watched.rate, watched.n, watched.line))
                for watched in one.watched
                if watched.state == "retrain"
            ),
        )
        for one in found
        if one.state == "retrain" and one.promoted is not None
    ]


def _rate(rate: float | None, n: int, line: RetrainLine | None) -> str:
    drawn = f", the line is at {percent(line.retrain)}" if line else ""
    return f"{percent(rate)} of {n:,}{drawn}"


def decision_notice(made: Decision) -> Notice | None:
    """Return the notice of a promotion, rejection or rollback; None of other decisions.

    The reason that the person gave is a text and stays here.
    """
    if made.kind not in _DECIDED:
        return None
    kind, done = _DECIDED[made.kind]
    override = (("override", "against the verdict, or without one"),) if made.override else ()
    return Notice(
        kind,
        f"{kind}: {made.adapter} {done} for {made.task}",
        (("by", made.by), *override),
    )


def verdict_notice(verdict: Verdict) -> Notice | None:
    """Return the notice of a verdict that promotes or rejects; None of an inconclusive one."""
    if verdict.outcome == "inconclusive":
        return None
    broken = (("broken cases", str(len(verdict.broken))),) if verdict.broken else ()
    return Notice(
        verdict.outcome,
        f"verdict {verdict.outcome}: {verdict.candidate} for {verdict.task}",
        (
            ("benchmark", f"{verdict.benchmark}, {verdict.n} cases"),
            ("against", verdict.promoted or "the base, nothing is promoted"),
            *broken,
        ),
    )


def served_notice(check: EndpointCheck) -> Notice | None:
    """Return the notice of an endpoint whose answers are not the promoted adapter's."""
    if check.outcome != "other":
        return None
    named = (("who answers", check.name),) if check.name else ()
    return Notice(
        "served",
        f"served: the endpoint of {check.task} does not answer as {check.promoted}",
        (("answers", _ANSWERS.get(check.answers, "something else answers")), *named),
    )


def payload(notice: Notice, form: NoticeForm) -> dict[str, Any]:
    """Return the JSON that a webhook of this form takes."""
    return _teams(notice) if form == "teams" else _slack(notice)


def _slack(notice: Notice) -> dict[str, Any]:
    lines = [notice.head, *(f"{title}: {value}" for title, value in notice.facts)]
    # Not as markup: a name with stars or tildes in it is a name.
    return {"text": "\n".join(safe.slack(line) for line in lines), "mrkdwn": False}


def _teams(notice: Notice) -> dict[str, Any]:
    """Return an Adaptive Card; its rich text blocks, unlike its text blocks, read no Markdown."""
    runs = [
        {"type": "TextRun", "text": safe.terminal(notice.head), "weight": "Bolder"},
        *(
            {"type": "TextRun", "text": safe.terminal(f"{title}: {value}")}
            for title, value in notice.facts
        ),
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": [{"type": "RichTextBlock", "inlines": [run]} for run in runs],
    }
    content_type = "application/vnd.microsoft.card.adaptive"
    return {
        "type": "message",
        "attachments": [{"contentType": content_type, "contentUrl": None, "content": card}],
    }


EXAMPLES: dict[NoticeKind, Notice] = {
    "retrain": Notice(
        "retrain",
        "retrain: adapter_v2 no longer serves outreach as it did",
        (("edit rate", "31.0 % of 240, the line is at 25.0 %"),),
    ),
    "reject": Notice("reject", "reject: adapter_v4 is rejected for outreach", (("by", "Ana"),)),
    "promote": Notice(
        "promote",
        "verdict promote: adapter_v3 for outreach",
        (("benchmark", "outreach, 30 cases"), ("against", "adapter_v2")),
    ),
    "rollback": Notice(
        "rollback",
        "rollback: adapter_v2 is back in production for outreach",
        (("by", "Ana"),),
    ),
    "served": Notice(
        "served",
        "served: the endpoint of outreach does not answer as adapter_v3",
        (("answers", "the plain base answers"),),
    ),
}
"""A made-up notice of each kind, for a dry run."""


def notify_text(variable: str, form: str, kinds: Sequence[str], is_set: bool) -> list[str]:
    """Return what is configured, as lines."""
    if not variable:
        return ["nothing is ever told: [tool.harness.notify] names no webhook"]
    state = "set" if is_set else "not set, so nothing would be sent"
    return [f"${variable} is {state}; form {form}; told are {', '.join(kinds)}"]
