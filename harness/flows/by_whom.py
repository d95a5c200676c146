"""Refuse a decision, or a version of a training set, without a person's name and reason.

Tested in tests/flows/decisions/test_decide.py and tests/flows/training/test_data_versions.py.
"""

from __future__ import annotations

from harness.errors import RequestError
from harness.text.blanks import is_blank

_MAX_WORDS = 2000
_MAX_NAME = 200


def refuse_unsaid(by: str, why: str) -> None:
    """Refuse a name or a reason that is blank, of several lines, or too long."""
    for option, text in (("--by", by), ("--why", why)):
        if is_blank(text) or set("\n\0") & set(text) or len(text) > _MAX_WORDS:
            raise RequestError(f"{option} must say something, in one line")
    if len(by) > _MAX_NAME:
        raise RequestError(f"--by must be a name, of {_MAX_NAME} letters at most")
