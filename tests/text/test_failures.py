"""Exceptions and log records are shown with their causes, and without texts that may not be."""

from __future__ import annotations

import logging
import re

import pytest

from harness.errors import EngineFailed
from harness.text.failures import cause_lines, causes, safe_record, traceback_text
from harness.text.redact import OPEN, Redaction

SHUT = Redaction(texts=False)


def masks(text: str) -> list[tuple[str, int, int]]:
    return [("[masked]", *found.span()) for found in re.finditer("secret", text)]


def failed(message: str = "Dear secret") -> EngineFailed:
    """An error of ours that a foreign one caused, which itself came while handling a third."""
    try:
        try:
            try:
                raise KeyError(message)
            except KeyError:
                raise ValueError(message)  # noqa: B904 - a chain without `from` is shown as well
        except ValueError as problem:
            raise EngineFailed(f"the engine failed on '{message}'") from problem
    except EngineFailed as problem:
        return problem


def test_causes_come_in_order_and_an_endless_chain_ends() -> None:
    problem = failed()
    assert [type(one) for one in causes(problem)] == [EngineFailed, ValueError, KeyError]
    first = ValueError()
    first.__cause__ = second = ValueError()
    second.__cause__ = first
    assert list(causes(first)) == [first, second]


def test_what_was_raised_from_none_has_no_cause() -> None:
    problem = failed()
    problem.__cause__, problem.__suppress_context__ = None, True
    assert cause_lines(problem, OPEN) == []


def test_a_line_names_kind_message_and_place() -> None:
    first, second = cause_lines(failed(), OPEN)
    assert first.startswith("caused by ValueError: Dear secret (") and "test_failures.py:" in first
    assert second.startswith("caused by KeyError: 'Dear secret' (")


def test_a_traceback_ends_with_the_error_itself() -> None:
    text = traceback_text(failed(), OPEN)
    assert text.count("Traceback (most recent call last)") == 3
    assert text.index("KeyError") < text.index("ValueError") < text.index("EngineFailed: the")
    assert "test_failures.py" in text and "privacy" not in text


def test_masks_are_put_on() -> None:
    redaction = Redaction((masks,))
    assert "Dear [masked]" in cause_lines(failed(), redaction)[0]
    text = traceback_text(failed(), redaction)
    assert "ValueError: Dear [masked]" in text and "secret" not in text


def test_without_texts_there_are_frames_and_kinds() -> None:
    lines = cause_lines(failed(), SHUT)
    text = traceback_text(failed(), SHUT)
    assert "Dear" not in "".join([*lines, text])
    assert lines[0].startswith("caused by ValueError (")
    assert "so messages of exceptions are not shown" in text
    assert "in failed" in text and text.count("| ValueError\n") == 1
    assert "EngineFailed: the engine failed on [text left out]" in text


@pytest.mark.parametrize("redaction", [OPEN, SHUT], ids=["open", "shut"])
def test_what_is_shown_cannot_act(redaction: Redaction) -> None:
    problem = failed("\x1b[31m\n::error::x")
    for line in (*cause_lines(problem, redaction), *traceback_text(problem, redaction).split("\n")):
        assert line.isprintable() and "::error" not in line


def record(message: str, *args: object, problem: BaseException | None = None) -> logging.LogRecord:
    about = (type(problem), problem, problem.__traceback__) if problem else None
    return logging.LogRecord("harness.x", logging.INFO, "x.py", 1, message, args, about)


def test_a_record_is_copied_and_its_traceback_follows() -> None:
    exact = record("%s: %d rows", "base", 3, problem=failed())
    shown = safe_record(exact, OPEN)
    assert shown.getMessage() == "base: 3 rows"
    assert shown.exc_text and "KeyError" in shown.exc_text and shown.exc_info is None
    assert exact.args == ("base", 3) and exact.exc_info is not None


def test_without_texts_a_record_keeps_figures_and_names() -> None:
    args = ("base", 3, 0.5, "Dear Ana", ValueError("Dear Ana"), EngineFailed("it says 'Dear Ana'"))
    shown = safe_record(record("%s: %d %.1f %s %s %s", *args), SHUT).getMessage()
    assert shown.startswith("base: 3 0.5 [text left out] ValueError EngineFailed: it says [text")
    assert "Dear" not in shown


def test_a_record_that_cannot_be_written_says_so() -> None:
    class Hostile:
        def __str__(self) -> str:
            raise RuntimeError("secret")

    for redaction in (OPEN, SHUT):
        shown = safe_record(record("%s", Hostile()), redaction).getMessage()
        assert shown == "a log line that cannot be written (RuntimeError)"
