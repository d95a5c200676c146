"""Records of notices: events that a team is told of in its chat, in names and figures only.

Tested in tests/render/test_notices.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from harness.records.holds import EXACT, QUOTING

NoticeForm: TypeAlias = Literal["slack", "teams"]
"""The JSON of a webhook. Mattermost, Rocket.Chat and Discord's `/slack` take Slack's."""
NoticeKind: TypeAlias = Literal["retrain", "reject", "promote", "rollback", "served"]
"""An alarm, a verdict or decision, or an endpoint that answers as another than what is promoted."""
NOTICE_FORMS: tuple[NoticeForm, ...] = get_args(NoticeForm)
NOTICE_KINDS: tuple[NoticeKind, ...] = get_args(NoticeKind)


@dataclass(frozen=True, slots=True)
class Notice:
    """An event that a team is told of; no input, ideal, output, final or reason is part of it."""

    kind: NoticeKind | Literal["test"] = field(metadata=EXACT)
    """What happened; `test` only tries the address."""
    head: str = field(metadata=EXACT)
    """A sentence of names and words of ours."""
    facts: tuple[tuple[str, str], ...] = field(default=(), metadata=QUOTING)
    """Names and figures below it, each with its title."""


@dataclass(frozen=True, slots=True)
class NoticeSent:
    """How the delivery of a notice ended; it never holds the address."""

    sent: bool
    """Whether the receiver took it."""
    attempts: int = 0
    """How often it was asked."""
    problem: str = field(default="", metadata=EXACT)
    """Why it was not sent; empty where it was."""
