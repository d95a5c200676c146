"""Explain the words of the harness: kinds of findings, exit codes and metrics.

Each text stands in one place, beside what it is about; this joins them.

Tested in tests/cli/test_explain.py.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches

from harness.errors import RequestError
from harness.exit_codes import CODES, MEANINGS
from harness.findings.kinds import KINDS
from harness.measure import METRICS
from harness.records.holds import EXACT
from harness.registered import METRICS as METRICS_GROUP
from harness.registered import names, registered


@dataclass(frozen=True, slots=True)
class Explained:
    """A word with its meaning."""

    word: str = field(metadata=EXACT)
    about: str = field(metadata=EXACT)
    """`finding`, `exit code` or `metric`."""
    means: str = field(metadata=EXACT)
    remedy: str = field(default="", metadata=EXACT)
    """What to do about it; empty where nothing has to be done."""


def every_word() -> tuple[Explained, ...]:
    """Return all words, findings first; the metrics of other packages are imported for theirs."""
    return (*_own_words(), *_offered())


def explain(word: str) -> tuple[Explained, ...]:
    """Return what a word means; of an outcome, such as `reject`, its exit code.

    Case and the signs between words do not count. An unknown word is refused with near ones.
    """
    asked = _plain(word)
    code = next((str(code) for outcome, code in CODES.items() if outcome == asked), asked)
    for some in (_own_words, _offered):  # another package's code only for a word of its own
        found = tuple(one for one in some() if code in _typed(one.word))
        if found:
            return found
    words = sorted({*(one.word for one in _own_words()), *names(METRICS_GROUP), *CODES})
    near = get_close_matches(asked[:200], words, n=3, cutoff=0.5)
    if near:
        raise RequestError(f"{word[:60]}: no such word, did you mean {' or '.join(near)}?")
    raise RequestError(f"{word[:60]}: no such word, `lora-harness explain` lists those there are")


def _typed(word: str) -> set[str]:
    """Return what may be typed for a word; codes that say the same are a word together."""
    return {_plain(one) for one in (word, *word.split(", "))}


def _plain(word: str) -> str:
    return word.strip().lower().replace(" ", "_").replace("-", "_").replace("exit_code_", "")


def _own_words() -> Iterator[Explained]:
    for kind, (means, remedy) in KINDS.items():
        yield Explained(kind, "finding", means, remedy)
    for codes, means in MEANINGS.items():
        yield Explained(codes, "exit code", means)
    for metric in METRICS.values():
        yield Explained(metric.name, "metric", metric.meaning)


def _offered() -> Iterator[Explained]:
    """Yield the metrics of other packages, each with the first line of its documentation."""
    for name in names(METRICS_GROUP):
        try:
            offer = registered(METRICS_GROUP, name, RequestError)
        except RequestError as problem:  # one that cannot be imported hides no other
            yield Explained(name, "metric", str(problem))
            continue
        if offer is not None:
            said = (inspect.getdoc(offer.value) or "no description").partition("\n")[0]
            yield Explained(name, "metric", f"{said} ({offer.package})")
