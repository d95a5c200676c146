import pickle

import pytest

from harness import errors
from harness.errors import HarnessError, RequestError, StoreFailed, reason

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type)]


def test_every_error_has_one_of_the_two_exit_codes():
    assert {kind.exit_code for kind in KINDS} == {4, 11}
    assert all(issubclass(kind, HarnessError) for kind in KINDS)


@pytest.mark.parametrize(
    "bad", ["\n", "\r", "\x1b[2J", "\x07", "\0", "\x85", "\u2028", "\u202e", "\u200b", "\ud800"]
)
def test_a_line_is_one_line_whatever_a_file_puts_into_it(bad):
    said = str(RequestError(f"a{bad}b"))
    assert said.isprintable() and said.startswith("a\\") and said.endswith("b")


def test_words_of_all_scripts_stay_as_they_are():
    assert str(RequestError("naïve 見出し Ωmega 😀")) == "naïve 見出し Ωmega 😀"


def test_a_long_line_keeps_its_beginning_and_its_end():
    said = str(RequestError("file.json:1: " + "x" * 10**7 + " at column 3"))
    assert len(said) < 1000
    assert said.startswith("file.json:1: xxx") and said.endswith("at column 3")


def test_an_error_travels_between_processes():
    again = pickle.loads(pickle.dumps(StoreFailed("a\nb")))
    assert (type(again), str(again), again.exit_code) == (StoreFailed, "a\\nb", 11)


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (ValueError("one\ntwo"), "one"),
        (ValueError("\n\n  two \n"), "two"),
        (TimeoutError(), "TimeoutError"),
        (ValueError("x" * 999), "x" * 200),
    ],
)
def test_what_a_library_says_is_put_in_a_few_words(problem, said):
    assert reason(problem) == said
