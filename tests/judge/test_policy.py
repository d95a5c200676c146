from dataclasses import fields, replace

import pytest

from harness.errors import BenchmarkError
from harness.judge import check_policy
from harness.judge.policy import ALLOWED
from harness.records import Policy
from tests.judge.rule1.ways import verdict

from .builders import run


def test_the_defaults_are_allowed():
    check_policy(Policy())


def test_every_constant_has_a_range():
    assert {field.name for field in fields(Policy)} == {*ALLOWED, "reuse"}


@pytest.mark.parametrize("name", sorted(ALLOWED))
@pytest.mark.parametrize("value", [True, "0.05", None, float("nan"), float("inf"), -1, 10**30])
def test_what_is_no_number_in_range_is_refused_by_its_name(name, value):
    with pytest.raises(BenchmarkError, match=f"policy {name} is .* is allowed"):
        check_policy(replace(Policy(), **{name: value}))


@pytest.mark.parametrize(
    ("name", "value"),
    [("alpha", 0), ("alpha", 0.5), ("min_cases", 5.0), ("slice_cases", 1), ("power", 1.0)],
)
def test_the_ends_of_the_ranges_are_what_the_message_says(name, value):
    with pytest.raises(BenchmarkError, match=name):
        check_policy(replace(Policy(), **{name: value}))


@pytest.mark.parametrize("reuse", ["sometimes", 1, None, ["spend"]])
def test_reuse_is_one_of_two_words(reuse):
    with pytest.raises(BenchmarkError, match='"count" and "spend" are allowed'):
        check_policy(replace(Policy(), reuse=reuse))


def test_no_verdict_comes_from_a_policy_that_means_nothing():
    side = run("v1", [0.8] * 25)
    with pytest.raises(BenchmarkError, match="alpha"):
        verdict(side, side, Policy(alpha=0.9))
