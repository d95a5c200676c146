"""Findings that say the same are one line; findings that differ stay apart."""

from __future__ import annotations

from harness.findings import Finding
from harness.render.folded import folded


def texts(findings: list[Finding]) -> list[str]:
    return [fold.message for fold in folded(findings)]


def test_equal_findings_are_one_line_with_their_number_and_the_first_ids() -> None:
    findings = [
        Finding(
            "placeholder", n, f"PLACEHOLDER-{n} is a placeholder; placeholders are no benchmark"
        )
        for n in range(1, 26)
    ]
    (said,) = texts(findings)
    assert said.startswith("PLACEHOLDER-1 is a placeholder; placeholders are no benchmark (and 24")
    assert "PLACEHOLDER-2, PLACEHOLDER-3" in said
    assert said.endswith("PLACEHOLDER-6, …)")


def test_ids_of_any_kind_and_numbers_may_differ() -> None:
    slices = [
        f"slice city={c} has {n} cases; small ones are not judged" for n, c in enumerate("abcd")
    ]
    said = texts([Finding("slice", None, one) for one in slices])
    assert said == [f"{slices[0]} (and 3 more: city=b, city=c, city=d)"]
    names = ("welcome", "so long", "x", "y")
    quoted = [
        f'an ideal of {n.split()[0]} fails {i}: too long in "{n}"' for i, n in enumerate(names)
    ]
    assert texts([Finding("check", 1, one) for one in quoted])[0].endswith("(and 3 more: so, x, y)")


def test_equal_words_are_told_apart_by_their_lines() -> None:
    said = texts([Finding("empty", n, "`ideal` is empty") for n in (2, 4, 8, 16)])
    assert said == ["`ideal` is empty (and 3 more: line 4, line 8, line 16)"]


def test_few_findings_are_each_shown() -> None:
    assert len(texts([Finding("empty", n, "`ideal` is empty") for n in range(3)])) == 3


def test_other_kinds_and_other_sentences_stay_apart_in_their_order() -> None:
    findings = [
        Finding("overlap", 1, "c1 is in the training data: a.jsonl:3 (the same input)"),
        Finding("size", None, "4 cases; fewer than 8 are never judged, 20 to 30 are usual"),
        *(Finding("overlap", n, f"c{n} is in the training data: a.jsonl:{n}") for n in range(2, 7)),
        Finding("check", 3, "an ideal of c3 fails max_words: 30 words, allowed are 22"),
    ]
    assert [message.split()[0] for message in texts(findings)] == ["c1", "4", "c2", "an"]
