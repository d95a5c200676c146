"""The yes-or-no demands on an output, run one by one: passed, or failed and why.

How a benchmark file writes them is `parsing`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from harness.measure import glossary, grounding, jsontext, phrases
from harness.records import Case, Check, CheckResult

Runner: TypeAlias = Callable[[Any, str, Case], str]
"""The check's value, the output and its case in; what is wrong out, or nothing."""

RUNNERS: Mapping[str, Runner] = MappingProxyType(
    {
        "contains": lambda value, text, case: phrases.missing(value, text),
        "excludes": lambda value, text, case: phrases.unwanted(value, text),
        "matches": lambda value, text, case: phrases.unmatched(value, text),
        "max_words": lambda value, text, case: phrases.too_long(value, text),
        "min_words": lambda value, text, case: phrases.too_short(value, text),
        "json": lambda value, text, case: jsontext.not_json(text),
        "terms": lambda value, text, case: glossary.banned(value, text),
        "grounded": lambda value, text, case: grounding.ungrounded(
            text, (case.input, *case.ideals)
        ),
    }
)


def run_checks(case: Case, text: str) -> tuple[CheckResult, ...]:
    """Run a case's own checks on one output, in their order."""
    return tuple(_run(check, text, case) for check in case.checks)


def _run(check: Check, text: str, case: Case) -> CheckResult:
    message = RUNNERS[check.name](check.value, text, case)
    return CheckResult(check.name, check.level, passed=not message, message=message)
