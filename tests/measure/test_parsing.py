"""Checks are read as benchmarks write them; what is wrong is said with its place."""

import json

import pytest

from harness.errors import BenchmarkError
from harness.measure import merge_checks, parse_checks
from harness.records import Check


def test_a_bare_value_must_hold():
    assert parse_checks({"max_words": 22}, "f") == (Check("max_words", 22, "must"),)


def test_a_level_can_be_given():
    raw = {"contains": {"value": "Hi", "level": "report"}}
    assert parse_checks(raw, "f") == (Check("contains", ("Hi",), "report"),)


def test_a_glossary_is_a_table_with_or_without_a_level():
    bare = parse_checks({"terms": {"customer": ["client"], "trial": "PoC"}}, "f")
    assert bare == (Check("terms", {"customer": ("client",), "trial": ("PoC",)}),)
    wrapped = parse_checks({"terms": {"value": {"customer": ["client"]}, "level": "report"}}, "f")
    assert wrapped == (Check("terms", {"customer": ("client",)}, "report"),)


def test_a_check_can_be_kept_as_json():
    checks = parse_checks({"terms": {"customer": ["client"]}, "matches": "x"}, "f")
    assert json.loads(json.dumps([check.value for check in checks]))


def test_false_and_null_mean_no_check():
    assert parse_checks({"json": False, "grounded": None, "contains": {"value": None}}, "f") == ()


@pytest.mark.parametrize(
    ("raw", "wrong"),
    [
        ({"containz": "x"}, "unknown check 'containz', allowed are contains, excludes"),
        ({"contains": 3}, "check contains: 3 given, allowed is a text or a list"),
        ({"contains": []}, "check contains: a list given"),
        ({"excludes": ["a", " "]}, "check excludes: ' ' in the list"),
        ({"matches": "(a"}, "check matches: pattern '\\(a' cannot be used: missing \\)"),
        ({"matches": "(" * 900 + ")" * 900}, "cannot be used"),
        ({"matches": "a{99999999}"}, "repeat counts multiply to more than"),
        ({"matches": "((a{500}){500}){500}"}, "repeat counts multiply to more than"),
        ({"matches": "a" * 2_000}, "2000 characters long"),
        ({"max_words": True}, "True given, allowed is a whole number"),
        ({"max_words": "9"}, "'9' given"),
        ({"min_words": 0}, "0 given"),
        ({"max_words": 1.5}, "1.5 given"),
        ({"json": "yes"}, "'yes' given, allowed are true and false"),
        ({"terms": ["a"]}, "allowed is a table"),
        ({"terms": {"a": ["a"]}}, "approved and banned at once"),
        ({"terms": {"a": [1]}}, "check terms: 1 in the list"),
        ({"contains": {"value": "x", "level": "maybe"}}, "level is 'maybe', allowed are must and"),
        ({"contains": {"value": "x", "levl": "must"}}, "check contains: a table given"),
        (["contains"], "checks is a list"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(raw, wrong):
    with pytest.raises(BenchmarkError, match=r"^cases\.jsonl:7: .*" + wrong):
        parse_checks(raw, "cases.jsonl:7")


def test_a_case_replaces_adds_and_switches_off():
    defaults = parse_checks({"max_words": 30, "grounded": True, "contains": "Hi"}, "f")
    own = {"max_words": {"value": 9, "level": "report"}, "grounded": False, "json": True}
    assert merge_checks(defaults, own, "f") == (
        Check("contains", ("Hi",)),
        Check("max_words", 9, "report"),
        Check("json", True),
    )
    assert merge_checks(defaults, None, "f") == defaults
