"""Now: which adapter is promoted, whether it is still good, and the next thing to do.

Tested in tests/dashboard/test_pages.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import streamlit as st

from dashboard import choices, frame, pieces, told, words
from dashboard.navigation import link
from dashboard.rates import rate_fact, short
from harness.flows.project import utc_now
from harness.flows.queries import CandidateNow, Now, PromotedNow, TaskNow, now
from harness.records import EndpointCheck
from harness.render.endpoint_check import evidence, sentence
from harness.text.figures import MISSING, count, day
from harness.text.html import Child, Html, element

EVERY = "all clients"


def body(context: frame.PageContext) -> None:
    """Show every task of the project in a separate box, or the one that was chosen."""
    today = date.fromisoformat(utc_now(context.project.settings.calendar)[:10])
    found = now(context.project, context.store, today)
    if context.task:
        mine = tuple(task for task in found.tasks if task.task == context.task)
        found = replace(found, tasks=mine)
    frame.headline(*_headline(found))
    if found.synthetic:
        frame.remark("Some of these reviews are synthetic: made by a script to show the pages.")
    shown = _of_client(found.tasks)
    if len(shown) > 1:
        _overview(shown)
    for task in shown:
        with st.container(border=True):
            _task(task, alone=len(found.tasks) == 1)


def _of_client(tasks: tuple[TaskNow, ...]) -> tuple[TaskNow, ...]:
    """Let the reader choose a client where there are several."""
    clients = sorted({task.client for task in tasks if task.client})
    if len(clients) < 2:
        return tasks
    with st.container(key="filters"):
        client = choices.one("Client", [EVERY, *clients], "client")
    return tuple(task for task in tasks if client in (EVERY, task.client))


def _overview(tasks: tuple[TaskNow, ...]) -> None:
    """Show a table with a line for each task; tasks that need a person come first."""
    frame.html(
        pieces.table(
            ["task", "still good?", "in production", "edit rate", "rejection rate", "next"],
            [
                [
                    pieces.bold(task.task),
                    _state(task),
                    pieces.cut_name(task.promoted.adapter) if task.promoted else MISSING,
                    short(task.edit),
                    short(task.rejection),
                    words.html(task.next.words, 200),
                ]
                for task in tasks
            ],
            "<<<<<<",
        )
    )


def _state(task: TaskNow) -> Html:
    return pieces.badge(task.state) if task.state else pieces.badge(_unknown(task), "quiet")


def _headline(found: Now) -> tuple[str, str]:
    if not found.tasks:
        return "Nothing to look after yet", "No benchmark in this project is for a task."
    counts = f"{count(found.runs, 'run')} and {count(found.reviews, 'review')} in the store."
    if len(found.tasks) == 1:
        return _sentence(found.tasks[0]), counts
    urgent = [one.task for one in found.tasks if one.state == "retrain"]
    if urgent:
        return f"Time to retrain: {', '.join(urgent)}", counts
    return f"{count(len(found.tasks), 'task')}, none above its line", counts


def _sentence(task: TaskNow) -> str:
    if task.promoted is None:
        return f"Nothing is promoted for {task.task} yet"
    promoted = f"{task.promoted.adapter} is in production"
    return f"{promoted}: {_STATES[task.state]}" if task.state else promoted


_STATES = {
    "steady": "steady",
    "watch": "keep an eye on it",
    "retrain": "time to retrain",
}


def _task(task: TaskNow, alone: bool) -> None:
    frame.html(pieces.head("In production" if alone else task.task, " ", _state(task)))
    if task.promoted:
        rests_on = told.rows(task.promoted.evidence)
        frame.html(_facts(task, task.promoted), element("div", rests_on, class_="lh-gap"))
        if task.promoted.served:
            frame.html(pieces.listed([_name(task.promoted)]))
        if task.state_why and task.state != "steady":
            frame.html(pieces.listed(task.state_why))
    frame.html(pieces.following(" ", task.next.words))
    if task.next.command:
        frame.command(task.next.command)
    _candidates(task)


def _unknown(task: TaskNow) -> str:
    """Return why the task has no alarm state."""
    if task.promoted is None:
        return "nothing promoted"
    return "no line declared" if task.edit.n or task.rejection.n else "no reviews yet"


def _facts(task: TaskNow, held: PromotedNow) -> Html:
    override = pieces.badge("OVERRIDE", "override") if held.override else None
    verdict = pieces.badge(held.outcome) if held.outcome else pieces.badge("none", "quiet")
    return pieces.facts(
        pieces.fact(
            *("Adapter", pieces.cut_name(held.adapter, 30), f"pinned: {task.pinned or 'nothing'}"),
            override,
        ),
        pieces.fact("Age", count(held.age_days, "day"), f"since {day(held.since)}, by {held.by}"),
        pieces.fact(
            "Verdict",
            "",
            _headline_of(held),
            verdict,
        ),
        rate_fact("Edit rate", task.edit, task.edit_line),
        rate_fact("Rejection rate", task.rejection, task.rejection_line),
        *([_served(task.endpoint, held)] if task.endpoint else []),
    )


def _name(held: PromotedNow) -> str:
    """Return the sentence on a promoted name: nothing but its answers was ever seen."""
    asked = f", answers of {day(held.asked)}" if held.asked else ""
    return f"{held.adapter} is a name, not bytes: {held.served}{asked}"


def _headline_of(held: PromotedNow) -> str:
    # The rows below have the number of cases, and those of the reserve by themselves.
    if held.evidence or not held.outcome:
        return held.headline
    return f"{held.headline} · {count(held.n, 'case')}"


def _served(check: EndpointCheck, held: PromotedNow) -> Html:
    """Return what the endpoint answered, and whether that was about another promotion."""
    outdated = check.digest != held.digest
    before = f"before {held.adapter} was promoted, " if outdated else ""
    said = f"{before}{day(check.at)}: {sentence(check)} ({evidence(check)})"
    mark = pieces.badge(check.outcome, "quiet" if outdated else _SERVED[check.outcome])
    return pieces.fact("Served", "", said, mark)


_SERVED: dict[str, pieces.Tone] = {"same": "good", "other": "bad", "unknown": "watch"}


def _candidates(task: TaskNow) -> None:
    if not task.candidates:
        return
    frame.section("Newest candidates")
    frame.html(
        pieces.table(
            ["adapter", "verdict", "why", "rests on", "judged"],
            [_candidate(one) for one in task.candidates],
            "<<<<<",
        )
    )
    newest = task.candidates[0]
    link(
        "compare",
        f"Compare {words.label(newest.adapter)} case by case",
        ":material/compare_arrows:",
        task.task,
        candidate=newest.adapter,
    )


def _candidate(one: CandidateNow) -> list[Child]:
    promoted = [" ", pieces.quiet("in production")] if one.promoted else None
    return [
        element("span", pieces.bold(one.adapter), promoted),
        pieces.badge(one.outcome),
        words.html(one.reason, 300),
        told.in_short(one.evidence) if one.evidence else count(one.n, "case"),
        pieces.unbroken(day(one.when)),
    ]


frame.show("Now", body, every_task=True)
