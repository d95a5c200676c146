"""Problems in a benchmark's files: cases, slices and size; past runs are not needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from harness.findings.finding import Finding, quoted
from harness.findings.near import is_near, near_duplicates
from harness.findings.personal import personal
from harness.findings.words import normal
from harness.records import Case, CasesNeeded, CheckResult, Policy, slice_names
from harness.text.quoting import FAILED_CHECK

USUAL = 20
"""Cases needed to certify the usual margins."""


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case and its line in the file."""

    line: int
    case: Case
    file: str = ""
    """Name of the file, where it is not the file that is checked."""

    def seen_from(self, other: CaseLine) -> str:
        """Return the place as a reader of the other case's file finds it."""
        return f"line {self.line}" + (f" of {self.file}" if self.file != other.file else "")


@dataclass(frozen=True, slots=True)
class BadCaseLine:
    """A line that is not a valid case, and the reason."""

    line: int | None
    """None for the file as a whole."""
    why: str


def refused_lines(refused: Iterable[BadCaseLine]) -> Iterator[Finding]:
    """Yield the lines that the reader refused; blank texts and repeated ids have own kinds."""
    for one in refused:
        blank = "is empty" in one.why or "blank" in one.why
        twice = "stands already" in one.why
        yield Finding("empty" if blank else "duplicate" if twice else "refused", one.line, one.why)


def placeholders(cases: Iterable[CaseLine]) -> Iterator[Finding]:
    """Yield the cases that are still placeholders."""
    for one in cases:
        if one.case.placeholder:
            said = f"{one.case.id} is a placeholder; placeholders are not a benchmark"
            yield Finding("placeholder", one.line, said)


def repeated(cases: Iterable[CaseLine], known: Iterable[CaseLine] = ()) -> Iterator[Finding]:
    """Yield the cases that repeat an earlier case's prompt, with the same ideals or with others.

    `known` are cases of another file that stand before them.
    """
    # turn by turn: a system text, a document or an earlier turn makes another case of it
    seen = {_prompt(one): one for one in reversed(list(known))}
    for one in cases:
        first = seen.setdefault(_prompt(one), one)
        if first is one:
            continue
        same = f"{one.case.id} has the {_asked(one)} of {first.case.id} ({first.seen_from(one)})"
        mine, theirs = (
            {" ".join(ideal.split()) for ideal in case.ideals} for case in (one.case, first.case)
        )
        if mine == theirs:
            yield Finding("duplicate", one.line, f"{same}: it counts twice")
        else:
            yield Finding(
                "contradiction", one.line, f"{same} and other ideals: no output can fit both"
            )


def _prompt(one: CaseLine) -> tuple[str, ...]:
    return tuple(map(normal, one.case.given))


def near_repeated(cases: Sequence[CaseLine], known: Sequence[CaseLine] = ()) -> Iterator[Finding]:
    """Yield the cases whose prompts differ in a few words only, unless they share a group."""
    every = [*known, *cases]
    texts = ["\n".join(one.case.given) for one in every]

    def asks_alike(index: int, of: int) -> bool:
        """Compare the last turns alone: cases may share a document, or most of a conversation."""
        pair = [every[place].case for place in (index, of)]
        whole = all(len(case.given) == 1 for case in pair)
        return whole or is_near(pair[0].input, pair[1].input)

    for near in near_duplicates(texts, also=asks_alike):
        mine, other = every[near.index], every[near.of]
        grouped = mine.case.group is not None and mine.case.group == other.case.group
        if near.changed and not grouped and near.index >= len(known):
            differs = "a word" if near.changed == 1 else f"{near.changed} words"
            yield Finding(
                "near_duplicate",
                mine.line,
                f"{mine.case.id} has the {_asked(mine)} of {other.case.id}"
                f' ({other.seen_from(mine)}) but for {differs}; give both one "group", or write'
                " another case",
            )


def _asked(one: CaseLine) -> str:
    return "input" if len(one.case.given) == 1 else "prompt"


def personal_data(cases: Iterable[CaseLine], region: str) -> Iterator[Finding]:
    """Yield personal data in all that a case gives or wants; `region` is that of bare numbers."""
    for one in cases:
        texts = (*one.case.given, *one.case.ideals)
        found = [hit for text in texts for hit in personal(text, region)]
        # once: an address stands in several turns, and in the ideal that repeats it
        for what, written in dict.fromkeys(found):
            said = f"{one.case.id} has personal data, {what} {quoted(written)}"
            yield Finding("personal_data", one.line, said)


def failed_checks(
    cases: Iterable[CaseLine], checked: Iterable[Sequence[tuple[str, CheckResult]]]
) -> tuple[list[Finding], list[Finding]]:
    """Return the ideals that fail their own checks: `must` checks first, then `report` checks.

    `checked` has, for each case, every check result with the ideal that it is about.
    """
    musts: list[Finding] = []
    shown: list[Finding] = []
    for one, results in zip(cases, checked, strict=True):
        for ideal, result in results:
            if not result.passed:
                found = f"{result.message} in {quoted(ideal)}"
                said = FAILED_CHECK.say(found, result.level, result.name)
                said = f"an ideal of {one.case.id} {said}"
                (musts if result.level == "must" else shown).append(
                    Finding("check", one.line, said)
                )
    return musts, shown


def small_slices(cases: Iterable[CaseLine], policy: Policy) -> Iterator[Finding]:
    """Yield the slices that are too small to be judged."""
    counts = Counter(name for one in cases for name in slice_names(one.case.slices))
    for name, count in counts.items():
        if count < policy.slice_cases:
            has = "1 case" if count == 1 else f"{count} cases"
            said = f"slice {name} has {has}; slices of fewer than {policy.slice_cases} are not"
            yield Finding("slice", None, f"{said} judged")


def size(cases: int, policy: Policy) -> tuple[list[Finding], list[Finding]]:
    """Return problems with the number of cases: too few to judge, and fewer than is usual."""
    has = "1 case" if cases == 1 else f"{cases} cases"
    if cases < policy.min_cases:
        said = f"{has}; fewer than {policy.min_cases} are never judged, 20 to 30 are usual"
        return [Finding("size", None, said)], []
    if cases < USUAL:
        return [], [Finding("size", None, f"{has}; 20 to 30 are usual, few can show only much")]
    return [], []


def cut_ideals(cases: Sequence[CaseLine], longest: Sequence[int], limit: int) -> Iterator[Finding]:
    """Yield the cases with an ideal of more tokens than an output may have."""
    for one, tokens in zip(cases, longest, strict=True):
        if tokens > limit:
            said = f"an ideal of {one.case.id} has {tokens - 1} tokens + end, max_new_tokens is"
            yield Finding("size", one.line, f"{said} {limit}: an output is cut before it ends")


def too_few_for(one: CasesNeeded, cases: int) -> Finding:
    """Return the finding that the requested margin needs more cases than there are."""
    metric = one.metric.replace("_", " ")
    said = f"{one.needed} cases are needed for a margin of {one.margin:g} on {metric}"
    return Finding("margin", None, f"{said} at the spread seen so far, here are {cases}")
