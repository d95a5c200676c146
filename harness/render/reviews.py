"""An import of reviews and the rates of stored reviews, for people and programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.records import SYNTHETIC, GroupRates, Rate
from harness.text import safe
from harness.text.figures import MISSING, percent
from harness.text.plain import plain
from harness.text.table import table

MAX_CELL = 26
"""Characters of a text in a preview, so that three rows fit beside each other."""
MAX_KEY = 60


def preview_text(
    columns: Mapping[str, str],
    constants: Mapping[str, str],
    unused: Sequence[str],
    samples: Sequence[Mapping[str, Any]],
) -> str:
    """Return which column is read as which field, with the values of the first rows."""
    rows = [["field", "column", *(f"row {n}" for n, _ in enumerate(samples, start=1))]]
    for name, column in columns.items():
        rows.append([_cell(name), _cell(column), *(_cell(row.get(column)) for row in samples)])
    for name, value in constants.items():
        rows.append([_cell(name), f"= {_cell(value)}", *("" for _ in samples)])
    lines = ["understood as (--map FIELD=COLUMN, --set FIELD=VALUE say otherwise)"]
    lines += table(rows, indent=2)
    if unused:
        lines.append(f"  not read: {', '.join(_cell(column) for column in unused)}")
    return "\n".join(lines)


def form_text(form: Mapping[str, Any], dates: str, asked: str = "") -> str:
    """Return how a file was read, and how its dates were."""
    parts = [form["kind"], form["encoding"], form["separator"]]
    parts += [f"sheet '{form['sheet']}'"] if form["sheet"] else []
    parts += [f"headings on line {form['head']}"] if form["head"] > 1 else []
    read = safe.ci_log(", ".join(filter(None, parts)))
    lines = [f"read as {read}", f"dates read {dates}; as UTC where no offset stands"]
    return "\n".join(lines + ([f"yes read as {asked}"] if asked else []))


def form_json(
    form: Mapping[str, Any], order: str | None, dates: str, asked: str = ""
) -> dict[str, Any]:
    """Return the same for programs."""
    found = {"form": plain(form), "dates": {"order": order, "said": dates}}
    return found | ({"yes": asked} if asked else {})


def preview_json(
    columns: Mapping[str, str], constants: Mapping[str, str], unused: Sequence[str]
) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "columns": plain(columns),
        "constants": plain(constants),
        "unused": plain(unused),
    }


def bad_rows_text(bad: Sequence[str], total: int, shown: int) -> list[str]:
    """Return a line for each bad row, and a line that counts the rows not shown."""
    lines = [safe.ci_log(row) for row in bad[:shown]]
    return lines + ([f"... and {total - shown:,} more bad rows"] if total > shown else [])


def rates_text(by: str, groups: Sequence[GroupRates]) -> str:
    """Return a table of rates, each with its interval and the number of reviews behind it."""
    if not groups:
        return "no review yet; `lora-harness reviews import FILE` brings them"
    marked = any(group.synthetic for group in groups)
    head = [by, "edit rate", "of finals", "rejected", "edited", "of reviews"]
    rows = [head + ([""] if marked else [])]
    for group in groups:
        # made-up reviews are named, so that their rates are not taken for people's
        made = SYNTHETIC if group.synthetic == group.n else f"{group.synthetic:,} {SYNTHETIC}"
        rows.append(
            [
                safe.ci_log(group.key, limit=MAX_KEY) or MISSING,
                _rate(group.edit_rate),
                f"{group.edit_rate.n:,}",
                _rate(group.rejection_rate),
                _rate(group.edited_share),
                f"{group.n:,}",
                made if group.synthetic else "",
            ][: len(rows[0])]  # the column of synthetic reviews only where there are any
        )
    return "\n".join(
        [
            *table(rows, "<>>>>>"),
            "edit rate: mean of min(1, TER) over the finals; all with 95 % Wilson intervals",
        ]
    )


def rates_json(by: str, groups: Sequence[GroupRates]) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "by": by,
        "groups": [
            {
                "key": plain(group.key),
                "n": group.n,
                "synthetic": group.synthetic,
                "edit_rate": group.edit_rate.value,
                "edit_rate_interval": _interval(group.edit_rate),
                "finals": group.edit_rate.n,
                "rejection_rate": group.rejection_rate.value,
                "rejection_rate_interval": _interval(group.rejection_rate),
                "edited_share": group.edited_share.value,
                "edited_share_interval": _interval(group.edited_share),
            }
            for group in groups
        ],
    }


def _rate(rate: Rate) -> str:
    if rate.value is None:
        return MISSING
    return f"{percent(rate.value)} [{percent(rate.low)}, {percent(rate.high)}]"


def _interval(rate: Rate) -> list[float] | None:
    return None if rate.value is None else [rate.low, rate.high]


def _cell(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else str(value)
    # cut first: a cell may hold a whole document, and escaping makes it longer
    shown = safe.ci_log(text[: MAX_CELL + 1], limit=None)
    return shown if len(text) <= MAX_CELL else f"{shown[: MAX_CELL - 1]}…"
