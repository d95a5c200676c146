"""The yes-or-no demands on an output, each with its result: passed, or failed and why.

`parsing` reads checks from a benchmark's files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from harness.measure import glossary, grounding, jsontext, phrases
from harness.records import Case, CheckResult

Runner: TypeAlias = Callable[[Any, str, Case], str]
"""Takes the check's value, the output and its case; returns the problem, or an empty string."""

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
            text, (*case.given, *case.ideals)
        ),
    }
)


def run_checks(case: Case, text: str) -> tuple[CheckResult, ...]:
    """Run a case's own checks on an output, in their order."""
    results = []
    for check in case.checks:
        message = RUNNERS[check.name](check.value, text, case)
        results.append(CheckResult(check.name, check.level, not message, message))
    return tuple(results)
