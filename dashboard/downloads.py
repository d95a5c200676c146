"""Downloads of a page's data: CSV for a spreadsheet, PNG for a slide.

Tested in tests/dashboard/test_outlets.py.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.words import option
from harness.render.sheet import Cell
from harness.text import safe

if TYPE_CHECKING:
    import altair as alt

REPLAYED = "replayed"
"""The session's sentence on a calendar that is declared; missing or empty where days are real."""


def offer(
    name: str,
    head: Sequence[str],
    rows: Callable[[], Sequence[Sequence[Cell]]],
    chart: Callable[[], alt.TopLevelMixin] | None = None,
) -> None:
    """Offer CSV, and PNG where there is a chart; both are made on the click, not before."""
    label = str(st.session_state.get(REPLAYED, ""))
    file = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "dashboard"
    with st.container(horizontal=True, gap="small"):
        # Given as functions, the files are made on the click and not on every rerun.
        st.download_button(
            "CSV",
            lambda: as_csv(head, rows(), label),
            f"{file}.csv",
            "text/csv",
            key=f"csv-{file}",
            type="tertiary",
            icon=":material/download:",
            on_click="ignore",
        )
        if chart is not None:
            st.download_button(
                "PNG",
                lambda: to_png(chart(), f"{name} · {label}" if label else name),
                f"{file}.png",
                "image/png",
                key=f"png-{file}",
                type="tertiary",
                icon=":material/image:",
                on_click="ignore",
            )


def as_csv(head: Sequence[str], rows: Sequence[Sequence[Cell]], calendar: str = "") -> bytes:
    """Write rows as CSV in which no text can run as a formula; a missing number is empty.

    Rows of a declared calendar say so in a last column.
    """
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\r\n")
    last = [calendar] if calendar else []
    writer.writerow([*head, *(["calendar"] if calendar else [])])
    for row in rows:
        writer.writerow(map(_written, [*row, *last]))
    # Excel takes a file without the mark for its own code page and breaks accents.
    return made.getvalue().encode("utf-8-sig")


def _written(cell: Cell) -> Cell:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return safe.csv_cell(cell) if isinstance(cell, str) else cell


def to_png(chart: alt.TopLevelMixin, title: str) -> bytes:
    """Render a chart as a picture for a slide, on this machine and without the network."""
    import vl_convert

    drawn = chart.to_dict()
    # a chart on a page takes its width from the column, which a picture does not have
    drawn.setdefault("width", 760)
    drawn["title"] = {"text": option(title, 120), "anchor": "start", "fontSize": 15}
    drawn["background"] = "#FFFFFF"
    drawn["padding"] = 16
    made = vl_convert.vegalite_to_png(drawn, scale=2)
    return bytes(made)
