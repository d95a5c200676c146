"""Show an exception and a log record, with the causes, as far as a project's texts may be shown.

The message of a foreign exception may hold a text in any shape. Where texts are left out, its kind
and its place in the code are all that is shown; our own errors are made so that quotations go.
"""

from __future__ import annotations

import copy
import logging
import traceback
from collections.abc import Iterator
from dataclasses import replace

from harness.errors import HarnessError, reason
from harness.text.redact import LEFT_OUT, Redaction
from harness.text.safe import ci_log

_LINK = "\nThe exception above led to this one:\n\n"
_FRAMES_ONLY = "The privacy settings leave texts out, so messages of exceptions are not shown.\n"


def causes(problem: BaseException) -> Iterator[BaseException]:
    """Yield the exception, what it was raised from, and so on down to the first."""
    seen: set[int] = set()  # a chain can be closed to a ring by hand
    found: BaseException | None = problem
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def cause_lines(problem: BaseException, redaction: Redaction) -> list[str]:
    """Return a line for each cause behind an exception: its kind, message and place."""
    lines = []
    for cause in list(causes(problem))[1:]:
        frames = traceback.extract_tb(cause.__traceback__)
        place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
        lines.append(ci_log(f"caused by {_summary(cause, redaction)}{place}"))
    return lines


def traceback_text(problem: BaseException, redaction: Redaction) -> str:
    """Return the tracebacks of an exception and of its causes, the first cause first."""
    parts = []
    for one in reversed(list(causes(problem))):
        if redaction.texts:
            lines = traceback.format_exception(one, chain=False)
        else:
            head = "Traceback (most recent call last):\n"
            frames = traceback.format_tb(one.__traceback__)
            lines = [head, *frames, f"{_summary(one, redaction)}\n"]
        parts.append("".join(lines))
    whole = ("" if redaction.texts else _FRAMES_ONLY) + _LINK.join(parts)
    # Lines of code stand between quotation marks that quote no text, so here only masks are put on.
    return ci_log(replace(redaction, texts=True).words(whole.rstrip()), lines=True, limit=None)


def safe_record(record: logging.LogRecord, redaction: Redaction) -> logging.LogRecord:
    """Return a copy of a log record whose message and traceback can be shown."""
    shown = copy.copy(record)
    try:
        if not redaction.texts and isinstance(record.args, tuple):
            shown.args = tuple(_argument(one, redaction) for one in record.args)
        shown.msg = ci_log(redaction.words(shown.getMessage()))
    except Exception as problem:  # foreign objects, whose `str()` may raise any kind
        shown.msg = f"a log line that cannot be written ({type(problem).__name__})"
    shown.args = ()
    failed = record.exc_info[1] if record.exc_info else None
    shown.exc_info = None
    shown.exc_text = traceback_text(failed, redaction) if failed else None
    return shown


def _summary(problem: BaseException, redaction: Redaction) -> str:
    """Return the kind of an exception and the first line of its message."""
    kind = type(problem).__name__
    if redaction.texts or isinstance(problem, HarnessError):
        return f"{kind}: {redaction.words(reason(problem))}"
    return kind


def _argument(value: object, redaction: Redaction) -> object:
    """Return what a log line is filled with: figures and names stay, sentences may be texts."""
    if isinstance(value, BaseException):
        return _summary(value, redaction)
    if isinstance(value, int | float) or not any(map(str.isspace, str(value))):
        return value
    return LEFT_OUT
