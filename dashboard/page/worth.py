"""Worth: what each promotion saved, whether a prompt would do, and whether more examples help.

Tested in tests/dashboard/test_pages.py.
"""

from __future__ import annotations

import streamlit as st

from dashboard import frame, learning, pieces, words
from dashboard.downloads import offer
from harness.flows.queries import worth
from harness.records import PromotionWorth, PromptWorth, TaskWorth, WorthSettings
from harness.render.worth import (
    BASES,
    PREDICTED,
    minutes_words,
    month_words,
    number_words,
    promotion_head,
    promotion_rows,
    rate_words,
)
from harness.text.figures import count, day
from harness.text.html import Child, Html


def body(context: frame.PageContext) -> None:
    """Show the adapter's editing, each promotion's saving, the base beside it, learning curves."""
    title = st.container()
    tasks = worth(context.project, context.store, context.task or None)
    declared = context.project.settings.worth
    found = tasks[0] if tasks else None
    if found is None or found.now is None:
        with title:
            frame.headline("Nothing is promoted yet")
        frame.empty(
            "What an adapter is worth shows once it is in production:", "pytest --model NAME"
        )
        if context.task:
            learning.more_examples(context)
        return
    with title:
        frame.headline(*_headline(found))
    frame.html(pieces.facts(*_facts(found)))
    if found.now.synthetic:
        frame.remark(f"{found.now.synthetic:,} of {found.now.reviews:,} reviews are synthetic.")
    _promotions(found, declared)
    _prompts(found, declared)
    learning.more_examples(context)
    if found.missing:
        frame.section("What is not known")
        frame.html(pieces.listed([line.replace("`", "") for line in found.missing]))


def _headline(found: TaskWorth) -> tuple[str, str]:
    now = found.now
    assert now is not None
    change = next((one for one in found.promotions if one.saving), None)
    title = _change(change) if change else f"{now.adapter}: what it is worth"
    basis = "" if found.basis is None else f" · {BASES[found.basis]}"
    return title, f"in production since {day(now.since)} · {count(now.reviews, 'review')}{basis}"


def _change(one: PromotionWorth) -> str:
    """Say what the newest promotion with times before and after it saved, or that none is shown."""
    new, old, saved = one.after.adapter, one.before.adapter, one.saving
    assert saved is not None
    if saved.low is not None and saved.high is not None and saved.low <= 0 <= saved.high:
        return f"No saving of {new} over {old} is shown: {minutes_words(saved)} per 100 outputs"
    if saved.value < 0:
        return f"{new} takes longer than {old}: {minutes_words(saved)} saved per 100 outputs"
    return f"{new} saves {minutes_words(saved)} per 100 outputs over {old}"


def _facts(found: TaskWorth) -> list[Html]:
    now = found.now
    assert now is not None
    rests = count(now.reviews, "review")
    shown = [pieces.fact("edit rate", rate_words(now.edit_rate), rests)]
    if now.minutes is not None:
        of = count(now.minutes.n, "review")
        shown.append(pieces.fact("editing per 100 outputs", minutes_words(now.minutes), of))
    return shown


def _promotions(found: TaskWorth, declared: WorthSettings) -> None:
    frame.section("Before and after each promotion", "intervals of 95 %, from how weeks differ")
    if not found.promotions:
        frame.empty("One adapter was in production so far: there is no before.", "")
        return
    head = promotion_head(found)
    rows: list[list[Child]] = [list(row) for row in promotion_rows(found)]
    frame.html(pieces.table(head, rows, "<<>>>>>"[: len(head)]))
    offer("worth", head, lambda: [list(row) for row in promotion_rows(found)])
    frame.html(pieces.listed([line for one in found.promotions if (line := _month(one, declared))]))


def _month(one: PromotionWorth, declared: WorthSettings) -> str:
    said = month_words(one.month, declared) if one.month else ""
    return f"{one.after.adapter}: {said}" if said else ""


def _prompts(found: TaskWorth, declared: WorthSettings) -> None:
    frame.section("Would a prompt do?", "the same cases of the benchmark, pair by pair")
    rows = [_prompt(one, declared) for one in found.prompts]
    head = ["against", "its edit rate, in the adapter's", "predicted saving", "a month", "so"]
    if found.basis is None:
        head, rows = [head[0], head[1], head[4]], [[row[0], row[1], row[4]] for row in rows]
    frame.html(pieces.table(head, rows, "<" * len(head)))
    if found.basis is not None:
        frame.html(pieces.note(f"{words.begun(PREDICTED)}."))


def _prompt(one: PromptWorth, declared: WorthSettings) -> list[Child]:
    return [
        pieces.bold(one.against),
        number_words(one.ratio, " times", 2),
        f"{minutes_words(one.saving)} per 100" if one.saving else "–",
        (month_words(one.month, declared) if one.month else "") or "–",
        one.says,
    ]


frame.show("Worth", body)
