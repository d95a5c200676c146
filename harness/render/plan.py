"""A retraining plan as Markdown, for the terminal and as JSON.

Tested in tests/render/test_monitor.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.records import Plan
from harness.text import safe
from harness.text.figures import count
from harness.text.plain import plain


def plan_markdown(plan: Plan) -> str:
    """Return the text of `plan.md`."""
    lines = [
        f"# Retraining {safe.markdown_cell(plan.task)}",
        "",
        f"State: {plan.state}. Promoted: {safe.markdown_cell(plan.promoted)}.",
        "",
        *(f"- {safe.markdown_cell(reason)}" for reason in plan.reasons),
        "",
        "## What is learnt",
        "",
        *(f"- {line}" for line in _learnt(plan)),
        "",
        "## What to add to the benchmark",
        "",
        *(f"- {line}" for line in _cases(plan)),
        "",
        "## Then",
        "",
        safe.markdown_block("\n".join(_commands(plan)), limit=None),
    ]
    return "\n".join(lines) + "\n"


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
    """Return the files that were written, and the commands to type next."""
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
    """Return every field, and the commands."""
    return {**plain(plan), "commands": plain(_commands(plan))}
