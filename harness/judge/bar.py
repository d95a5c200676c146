"""Compare the bar of a verdict with the bar at the last promotion."""

from __future__ import annotations

from dataclasses import fields

from harness.records import Benchmark, Policy, Verdict


def moved_bar(then: Verdict, now: Benchmark) -> tuple[str, ...]:
    """Return a sentence for each margin, role and constant that differs."""
    old = {rule.name: rule for rule in then.rules}
    said = []
    for rule in now.metrics:
        before = old.pop(rule.name, None)
        if before is None:
            said.append(f"{rule.name}: {rule.role} now, not judged then")
        elif before.role != rule.role:
            said.append(f"{rule.name}: {before.role} then, {rule.role} now")
        elif before.margin != rule.margin:
            said.append(f"the margin of {rule.name}: {before.margin:g} then, {rule.margin:g} now")
    said += [f"{name}: {rule.role} then, not judged now" for name, rule in old.items()]
    for field in fields(Policy):
        before_value, value = getattr(then.policy, field.name), getattr(now.policy, field.name)
        if before_value != value:
            said.append(f"[policy] {field.name}: {before_value} then, {value} now")
    return tuple(f"the bar moved: {each}" for each in said)
