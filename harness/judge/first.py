"""Was it worth it: the candidate beside the plain base, and beside the base with a good prompt.

For the first adapter of a task the base decides; the prompt only ever warns.
"""

from __future__ import annotations

from harness.errors import HarnessError
from harness.judge import words
from harness.judge.likeness import check_like
from harness.judge.paired import paired_from_runs
from harness.judge.rules import Rules
from harness.judge.standing import Standing, standing
from harness.records import BASE, BASE_PROMPT, MetricRule, Policy, Run


def worth_notes(
    candidate: Run, base: Run | None, prompted: Run | None, rules: Rules, policy: Policy
) -> tuple[str, ...]:
    """One line on what fine-tuning brought, and a warning where a prompt would have done."""
    parts, notes = [], []
    over_base = _over(candidate, base, BASE, rules, policy)
    over_prompt = _over(candidate, prompted, BASE_PROMPT, rules, policy)
    for over, name in ((over_base, BASE), (over_prompt, BASE_PROMPT)):
        if isinstance(over, Standing):
            parts.append(f"{_gain(over)} over {name}")
        elif over:
            notes.append(over)
    if not parts:
        return tuple(notes)
    gate = over_base if isinstance(over_base, Standing) else over_prompt
    assert isinstance(gate, Standing)
    line = f"worth it? {words.metric(gate.rule.name)} {' · '.join(parts)}"
    return (line + _warning(over_prompt), *notes)


def _over(
    candidate: Run, other: Run | None, name: str, rules: Rules, policy: Policy
) -> Standing | str | None:
    """How the first gate stands against it, or why that cannot be said."""
    gate = next((rule for rule in rules if rule.role == "gate"), None)
    if other is None or gate is None or not candidate.results:
        return None
    try:
        check_like(candidate, other, name)
    except HarnessError as error:
        return f"not compared with {name}: {error}"
    found = _judge(candidate, other, name, gate, policy)
    return found if found.sides.n else None


def _judge(candidate: Run, other: Run, name: str, gate: MetricRule, policy: Policy) -> Standing:
    paired = paired_from_runs(candidate, {name: other})
    return standing(paired, gate, name, policy, policy.alpha, paired.same_texts is True, 1)


def _gain(over: Standing) -> str:
    gain = words.signed(float(over.sides.d.mean()))
    if over.answer.interval is None:
        return gain
    low, high = over.answer.interval
    return f"{gain} [{words.signed(low)}, {words.signed(high)}]"


def _warning(over_prompt: Standing | str | None) -> str:
    if not isinstance(over_prompt, Standing) or over_prompt.better:
        return ""
    if not over_prompt.not_worse:
        return ": a good prompt may do better; a prompt would have done"
    return ": a good prompt does nearly as well"
