"""The kinds of findings, in words: what each says, and what to do about it.

`lora-harness explain` shows them, and the table of harness/cli/README.md is held to them.

Tested in tests/findings/test_kinds.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

Kind = Literal[
    "banned_term", "check", "contradiction", "duplicate", "empty", "flat", "hopeless", "margin",
    "near_duplicate", "origin", "outlier", "overlap", "personal_data", "placeholder", "refused",
    "reserve", "saturated", "schema", "size", "slice", "tone", "truncated",
]  # fmt: skip
"""Every kind, so that the type checker finds a finding without an explanation."""


class KindWords(NamedTuple):
    """What a kind of finding says, and what to do about it."""

    means: str
    remedy: str


KINDS: Mapping[Kind, KindWords] = MappingProxyType({
    "banned_term": KindWords(
        "an output has a form that the benchmark's glossary bans",
        "write the approved form; otherwise the adapter learns the banned one",
    ),
    "check": KindWords(
        "an ideal fails a check that every output must pass",
        "mend the ideal or the check: no adapter can satisfy both",
    ),
    "contradiction": KindWords(
        "the same input has different outputs or ideals in two places",
        "keep the one that you want, or list both as ideals of one case",
    ),
    "duplicate": KindWords(
        "a line says what an earlier line says, so it counts twice",
        "delete one of them; `lora-harness data check FILE --fix NEW` does so in training data",
    ),
    "empty": KindWords(
        "a text that is needed is blank",
        "fill it in or delete the line",
    ),
    "flat": KindWords(
        "all adapters score alike on a case, so it hardly tells two of them apart",
        "replace it by a case on which adapters differ",
    ),
    "hopeless": KindWords(
        "no adapter gets a case right, so it cannot break",
        "see whether the ideal can follow from the input, and rewrite it",
    ),
    "margin": KindWords(
        "the margin asked needs more cases than there are, at the spread seen so far",
        "add cases, fill the reserve, or ask for a wider margin",
    ),
    "near_duplicate": KindWords(
        "two inputs differ in a few words only, so they are not independent",
        'give both cases one `"group"`, or write another case; of training data drop one line',
    ),
    "origin": KindWords(
        "the card of a training set leaves open, or contradicts, what its lines show",
        "state it with `lora-harness data origin FILE`",
    ),
    "outlier": KindWords(
        "an example is unlike the others in length or meaning",
        "look at it: a slip of the export, or the only example of its kind",
    ),
    "overlap": KindWords(
        "a case of the benchmark is in training data, so its answer may have been learnt",
        "take it out of the training data; verdicts leave such a case out",
    ),
    "personal_data": KindWords(
        "a text has what looks like an e-mail address, a number or a name of a person",
        "replace it by an invented one, or mask it with `redact` in `[tool.harness.privacy]`",
    ),
    "placeholder": KindWords(
        "a case is still the starter project's, and no verdict rests on it",
        "write a real input and the ideal that you would send",
    ),
    "refused": KindWords(
        "a line of `cases.jsonl` cannot be read as a case",
        "mend it as the message says; the line's number stands in front",
    ),
    "reserve": KindWords(
        "a case of the reserve changed after a verdict rested on it",
        "put it back, and append new cases at the end",
    ),
    "saturated": KindWords(
        "every adapter gets a case right, so it can only show a loss",
        "keep it if it must never break, else write a harder one",
    ),
    "schema": KindWords(
        "a line of a training set cannot be read as an example",
        "mend it as the message says; the line's number stands in front",
    ),
    "size": KindWords(
        "there are fewer or longer texts than the judge or the training can do with",
        "add cases or examples, or raise `max_new_tokens`, as the message says",
    ),
    "slice": KindWords(
        "a slice has too few cases to be judged by itself",
        "add cases to it, or join it with another slice",
    ),
    "tone": KindWords(
        "an output is written in another voice than the benchmark's ideals",
        "rewrite it as an editor would send it",
    ),
    "truncated": KindWords(
        "an output ends in the middle of a sentence",
        "complete it, or drop the line; otherwise the adapter learns to stop there",
    ),
})  # fmt: skip
