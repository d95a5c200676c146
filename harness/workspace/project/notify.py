"""Read `[tool.harness.notify]`: the variable that holds a webhook's address, and what is told."""

from __future__ import annotations

import re
from typing import cast

from harness.records import NOTICE_FORMS, NOTICE_KINDS, NoticeForm, NoticeKind, Notify
from harness.workspace.formats.fields import Table, kind_of, suggestion

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)
"""The name of an environment variable."""


def read_notify(table: Table) -> Notify:
    """Read `[notify]`; without the section nothing is ever told."""
    given = bool(table.raw)
    plain = Notify()
    webhook = table.text("webhook") if given else ""
    form = table.choice("form", plain.form, NOTICE_FORMS)
    kinds = table.any("on", list(plain.on))
    if not isinstance(kinds, list) or not kinds:
        raise table.fail(f"`on` is {kind_of(kinds)}, a list of {', '.join(NOTICE_KINDS)} is needed")
    for kind in kinds:
        if kind not in NOTICE_KINDS:
            # What is no text is not quoted either.
            shown = repr(kind[:60]) if isinstance(kind, str) else kind_of(kind)
            near = suggestion(kind if isinstance(kind, str) else "", NOTICE_KINDS)
            raise table.fail(f"`on` names {shown}{near}")
    table.done()
    if given and not VARIABLE.fullmatch(webhook):
        # The value is not quoted: it may be the address itself, which is a secret.
        raise table.fail(
            "`webhook` must be the name of an environment variable, never the address itself"
        )
    return Notify(
        webhook,
        cast(NoticeForm, form),
        tuple(cast(NoticeKind, kind) for kind in dict.fromkeys(kinds)),
    )
