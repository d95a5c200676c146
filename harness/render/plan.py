"""The way from alarm to remedy, as Markdown beside its files, on the terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.records import Plan
from harness.text import safe
from harness.text.figures import count
from harness.text.plain import plain


def plan_markdown(plan: Plan) -> str:
    """`plan.md`."""
    return "\n".join(_markdown(plan)) + "\n"


def _markdown(plan: Plan) -> Iterator[str]:
    yield f"# Retraining {safe.markdown_cell(plan.task)}"
    yield ""
    yield f"State: {plan.state}. Promoted: {safe.markdown_cell(plan.promoted)}."
    yield ""
    for reason in plan.reasons:
        yield f"- {safe.markdown_cell(reason)}"
    yield ""
    yield "## What is learnt"
    yield ""
    for line in _learnt(plan):
        yield f"- {line}"
    yield ""
    yield "## What to add to the benchmark"
    yield ""
    for line in _cases(plan):
        yield f"- {line}"
    yield ""
    yield "## Then"
    yield ""
    yield safe.markdown_block("\n".join(_commands(plan)), limit=None)


def _learnt(plan: Plan) -> Iterator[str]:
    yield f"{count(plan.edited, 'output')} as editors sent them, the most edited first"
    yield (
        f"{count(plan.accepted, 'output')} that were sent as they were, the newest: what must"
        " not be unlearnt"
    )
    old = f"{count(plan.old, 'example')} of before ({safe.markdown_cell(plan.old_from)})"
    yield f"{old}; {plan.replaced} replaced by a newer final, {plan.left_out} left out as a case"
    yield f"{count(plan.examples, 'example')} in all: {safe.markdown_cell(plan.training)}"
    if "--anyway" in plan.train:
        yield "too few for a training of their own: `--anyway` is in the command, more are better"


def _cases(plan: Plan) -> Iterator[str]:
    yield (
        f"{count(plan.edited_cases, 'heavily edited output')}, with what was sent as the ideal;"
        " kept out of the training file"
    )
    yield f"{count(plan.rejected_cases, 'rejected output')}, whose ideal a person has to write"
    yield (
        "they are in `cases.jsonl`: a proposal, nothing was changed. A changed benchmark has"
        " another fingerprint, and the promoted adapter is run on it again"
    )


def _commands(plan: Plan) -> tuple[str, ...]:
    return (
        plan.train,
        f"pytest --model {plan.name}",
        f'lora-harness promote {plan.name} --task {plan.task} --by YOU --why "..."',
    )


def plan_text(plan: Plan) -> str:
    """On the terminal: what was written, and what to type next."""
    cases = plan.edited_cases + plan.rejected_cases
    lines = [
        f"{plan.folder}/plan.md          what to do, and why",
        f"{plan.folder}/examples.jsonl   {count(plan.edited + plan.accepted, 'example')}"
        f" ({plan.edited} edited, {plan.accepted} accepted)",
        f"{plan.folder}/cases.jsonl      {count(cases, 'proposed case')}",
        f"{plan.training}  {count(plan.examples, 'example')}, {plan.old} of before",
        *(f"next  {command}" for command in _commands(plan)),
    ]
    return "\n".join(safe.ci_log(line) for line in lines)


def plan_json(plan: Plan) -> dict[str, Any]:
    """Every field, and the commands."""
    return {**plain(plan), "commands": plain(_commands(plan))}
