"""Samples of `init` and a limit that cuts the ideals are found, and changed where that is asked."""

from __future__ import annotations

import tomllib

import pytest

from harness.flows.benchmarks.fitting import changed, misfits
from harness.workspace.project.starter import benchmark_file, sample_benchmark_file

STARTER = sample_benchmark_file("openers")
LONGEST = [("a", 12), ("b", 72)]


def keys(text, limit=500):
    return [one.key for one in misfits(text, limit, LONGEST, "openers")]


def test_the_samples_of_init_are_found():
    assert keys(STARTER) == ["system", "examples"]
    assert keys(benchmark_file("openers", "openers")) == []


def test_own_words_are_no_samples():
    text = STARTER.replace("plain texts", "plain openers").replace("Write a subject", "Make a")
    assert keys(text) == []


def test_a_limit_below_the_longest_ideal_says_what_it_needs():
    (one,) = misfits(benchmark_file("o", "o"), 64, LONGEST, "o")
    assert one.why == "max_new_tokens is 64, and 1 ideal is longer: that of b has 71 tokens + end"
    assert one.line == "max_new_tokens = 96"
    assert misfits(benchmark_file("o", "o"), 72, LONGEST, "o") == []


@pytest.mark.parametrize(
    "text",
    [
        STARTER,
        STARTER.replace("max_new_tokens = 32", "max_new_tokens = 3_2  # short"),
        STARTER.replace("max_new_tokens = 32", "seed = 3"),
        STARTER.replace("[generation]\nmax_new_tokens = 32\n", ""),
        benchmark_file("o", None),
        benchmark_file("o", None).rstrip(),
    ],
)
def test_a_limit_is_changed_and_nothing_else(text):
    after = changed(text, "max_new_tokens", 32, LONGEST, "o")
    wanted = tomllib.loads(text)
    wanted.setdefault("generation", {})["max_new_tokens"] = 96
    assert tomllib.loads(after) == wanted
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        line for line in after.splitlines() if line.startswith("#")
    ]


def test_samples_are_taken_out_one_by_one_and_nothing_else():
    text = STARTER
    for key in ("system", "examples", "max_new_tokens"):
        text = changed(text, key, 32, LONGEST, "openers")
    wanted = tomllib.loads(STARTER) | {"system": "", "generation": {"max_new_tokens": 96}}
    del wanted["examples"]
    assert tomllib.loads(text) == wanted


def test_a_file_that_cannot_be_edited_by_its_lines_is_only_told_of():
    text = 'name = "o"\nguard = true\ngeneration = { max_new_tokens = 32 }\n'
    (one,) = misfits(text, 32, LONGEST, "o")
    assert one.text is None
    assert one.line == "max_new_tokens = 96"
    assert changed(text, "max_new_tokens", 32, LONGEST, "o") == text
