"""Findings in the order of the file, counted by kind, quoting what stands there."""

from harness.findings import Finding, counted, in_order, quoted

WHOLE = Finding("size", None, "12 examples")
FIRST = Finding("duplicate", 2, "says the same as line 1")
LATER = Finding("tone", 10, "has !")


def test_findings_are_sorted_by_line_and_those_about_the_whole_file_come_last():
    assert in_order([WHOLE, LATER, FIRST]) == [FIRST, LATER, WHOLE]


def test_the_same_finding_is_reported_once():
    assert in_order([FIRST, LATER, FIRST]) == [FIRST, LATER]


def test_kinds_are_counted_the_most_frequent_first_and_ties_by_name():
    found = counted([LATER, FIRST, WHOLE, Finding("tone", 11, "has !")])
    assert list(found.items()) == [("tone", 2), ("duplicate", 1), ("size", 1)]


def test_a_quotation_is_one_line_and_never_longer_than_asked():
    assert quoted(" two\n lines ") == '"two lines"'
    assert quoted("a" * 20, 20) == f'"{"a" * 20}"'
    assert quoted("a" * 21, 20) == f'"{"a" * 19}…"'
