from dataclasses import replace

from harness.findings.difference import case_differences, settings_differences
from harness.records import Benchmark, Case, Check, Example, Generation, MetricRule

A = Case("a", "input a", ("ideal a",), {"kind": "x"}, checks=(Check("max_words", 9),))
B = Case("b", "input b", ("ideal b",))


def test_equal_versions_differ_in_nothing():
    assert case_differences((A, B), (B, A)) == ((), (), ())


def test_cases_are_matched_by_their_ids_whatever_their_order():
    added, removed, changed = case_differences((A,), (B, replace(A, input="other")))
    assert [case.id for case in added] == ["b"]
    assert removed == ()
    assert [(one.case, [f.field for f in one.fields]) for one in changed] == [("a", ["input"])]


def test_every_field_of_a_case_is_told_with_both_sides():
    new = Case(
        "a",
        "input a",
        ("ideal a", "second"),
        {"kind": "y"},
        critical=True,
        checks=(Check("max_words", 9, "report"),),
        group="g",
    )
    _, _, (changed,) = case_differences((A,), (new,))
    told = {one.field: (one.old, one.new) for one in changed.fields}
    assert told == {
        "ideal 2": ("", "second"),
        "slice kind": ("x", "y"),
        "check max_words": ("must 9", "report 9"),
        "critical": ("no", "yes"),
        "group": ("", "g"),
    }


def test_a_check_that_a_store_gives_back_as_a_tuple_is_the_same_check():
    listed = replace(A, checks=(Check("contains", ["a", "b"]),))
    frozen = replace(A, checks=(Check("contains", ("a", "b")),))
    assert case_differences((listed,), (frozen,)) == ((), (), ())


def test_settings_are_told_one_by_one():
    old = Benchmark("n", "t", (), "f", metrics=(MetricRule("m", "gate", 0.03),))
    new = replace(
        old,
        system="Be brief.",
        metrics=(MetricRule("m", "guard", 0.05),),
        generation=Generation(max_new_tokens=32),
        examples=(Example("i", "o"),),
    )
    told = {one.field: (one.old, one.new) for one in settings_differences(old, new)}
    assert told == {
        "system": ("", "Be brief."),
        "metric m": ("gate at a margin of 0.03", "guard at a margin of 0.05"),
        "generation max_new_tokens": ("64", "32"),
        "example 1": ("", "i\no"),
    }
