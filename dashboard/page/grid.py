"""Grid: the scores of every case under every adapter, as figures and colour.

Tested in tests/dashboard/test_grid.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import streamlit as st

from dashboard import choices, frame, heat, pieces, words
from dashboard.asked import about_metric
from dashboard.downloads import offer
from harness.flows.queries import (
    CaseGrid,
    GridColumn,
    GridRow,
    apart_first,
    case_grid,
    case_history,
    in_slices,
    worst_first,
)
from harness.flows.queries.sheets import CASE, CRITICAL, SLICE, grid_sheet
from harness.text.figures import count, metric_title, score
from harness.text.html import element

if TYPE_CHECKING:
    from pandas import DataFrame
    from pandas.io.formats.style import Styler
    from streamlit.elements.lib.column_types import ColumnConfig

HEIGHT, HEAD, ROW, WIDTH = 600, 40, 26, 48
"""Pixels of the grid, which scrolls, of its head, of a row, and of an adapter's column."""
MAX_COLOURED = 50_000
"""Cells of a grid up to which they have colours."""
WIDE_UP_TO = 16
"""Adapters beside which there is room for long names of cases."""
MAX_HEAD = 7
"""Letters of an adapter's name above its column; the whole name is in the tooltip."""
FEW, MAX_FEW, WIDE = 8, 12, 84
"""Adapters that leave room for long names: up to how many letters, in how wide a column."""
ORDERS = {
    "benchmark": "as in the benchmark",
    "worst": "worst first",
    "apart": "adapters apart first",
}
PROMOTED = "▲"


def body(context: frame.PageContext) -> None:
    """Show the grid, and the texts behind the score that is clicked."""
    title = st.container()
    found, rows = _chosen(context)
    with title:
        frame.headline(*_headline(found, rows))
    if not found.rows:
        frame.empty(
            "This benchmark has no cases. They come from a file of inputs and ideal outputs:",
            "lora-harness benchmark import FILE",
        )
    elif not found.columns:
        frame.empty(
            "No adapter ran on this version of the benchmark yet. Judging one fills the grid:",
            "pytest --model NAME",
        )
    elif not rows:
        frame.empty("No case fits; search for other words, or take a filter away.", "")
    else:
        _grid(context, found, rows)


def _chosen(context: frame.PageContext) -> tuple[CaseGrid, tuple[GridRow, ...]]:
    """Return the grid and the rows that the filters leave, in the order that was chosen."""
    ask = partial(case_grid, context.project, context.store)
    with st.container(key="filters"):
        columns = st.columns([1, 1, 2])
        found, metric = about_metric(context, ask, columns)
        with columns[2]:
            adapters = choices.several(
                "Adapters", found.adapters, "adapters", "promoted and newest ones"
            )
    with st.container(key="grid-filters"):
        columns = st.columns([2, 1, 1])
        with columns[0]:
            slices = choices.several("Slices", found.slices, "slice", "all slices")
        with columns[1]:
            order = choices.one("Order", list(ORDERS), "order", shown=ORDERS.__getitem__)
        with columns[2]:
            sought = choices.text("Search cases", "find", "in names and texts")
    if adapters or metric != found.metric:
        found = ask(found.benchmark, metric or None, adapters or None)
    rows = tuple(row for row in in_slices(found.rows, slices) if _has(row, sought))
    if order == "worst":
        rows = worst_first(rows, found.metric)
    return found, apart_first(rows) if order == "apart" else rows


def _has(row: GridRow, sought: str) -> bool:
    texts = (row.case.id, row.case.input, *row.case.ideals)
    return not sought or any(sought.casefold() in text.casefold() for text in texts)


def _headline(found: CaseGrid, rows: Sequence[GridRow]) -> tuple[str, str]:
    shown = f"{count(len(rows), 'case')} × {count(len(found.columns), 'adapter')}"
    of = f"{len(rows)} of {count(len(found.rows), 'case')}"
    adapters = f"{len(found.columns)} of {count(len(found.adapters), 'adapter')} shown"
    version = f"{found.benchmark}, version {found.fingerprint[:6]}"
    if not found.columns:
        return f"{count(len(found.rows), 'case')}, no adapter yet", version
    return f"{words.begun(metric_title(found.metric))}: {shown}", f"{version} · {of}, {adapters}"


def _grid(context: frame.PageContext, found: CaseGrid, rows: Sequence[GridRow]) -> None:
    shown = pieces.legend({"in production": "inherit"}, {"in production": PROMOTED})
    how = "Click a score for the texts behind it, a case for its history, a name to sort by it."
    frame.html(
        element(
            "div",
            *(heat.scale(found.metric), element("span", "– no score")),
            shown if found.columns[0].promoted else None,
            element("span", how, class_="lh-quiet"),
            class_="lh-legend",
        )
    )
    event = st.dataframe(
        styled(found, rows, context.task),
        key="grid",
        height=min(HEIGHT, ROW * len(rows) + HEAD),
        row_height=ROW,
        hide_index=True,
        column_config=_columns(found),
        on_select="rerun",
        selection_mode="single-cell",
        alt=f"{metric_title(found.metric)} of every case under every adapter",
    )
    sheet = grid_sheet(found, rows)
    offer(f"{found.benchmark} {found.metric} grid", sheet.columns, lambda: sheet.rows)
    _answer(context, found, rows, event.get("selection", {}).get("cells", []))


def styled(found: CaseGrid, rows: Sequence[GridRow], task: str) -> Styler | DataFrame:
    """Return the grid's frame with a link for each case and a colour for each score.

    A very large grid has no colours: a browser would take many seconds for them.
    """
    sheet = grid_sheet(found, rows)
    table = sheet.to_frame()
    about = [("task", task), ("benchmark", found.benchmark), ("metric", found.metric)]
    # The name of the case stands last: the page shows what follows the last `case=`.
    table[CASE] = [f"cases?{urlencode([*about, ('case', row.case.id)])}" for row in rows]
    slices = [name for name in sheet.columns if name.startswith(SLICE)]
    table[slices] = table[slices].map(words.option, na_action="ignore")
    if table.size > MAX_COLOURED:
        return table
    adapters = list(sheet.figures)
    coloured = table.style.map(heat.cell_style, subset=adapters, metric=found.metric)
    return coloured.format("{:.2f}", subset=adapters, na_rep="–")


def _columns(found: CaseGrid) -> dict[str, ColumnConfig | None]:
    """Return how each column of the frame is shown."""
    config = st.column_config
    keys = {name.removeprefix(SLICE): name for name in grid_sheet(found, ()).columns}
    few = len(found.columns) <= FEW
    short = words.told_apart([one.adapter for one in found.columns], MAX_FEW if few else MAX_HEAD)
    critical = any(row.case.critical for row in found.rows)
    return {
        CASE: config.LinkColumn(
            "case",
            pinned=True,
            width=150 if len(found.columns) > WIDE_UP_TO else 230,
            display_text=r"case=([^&]*)$",
            help="opens its history",
        ),
        **{one.adapter: _column(one, short[one.adapter]) for one in found.columns},
        **{
            name: config.TextColumn(words.option(key, 20), width="small")
            for key, name in keys.items()
            if name.startswith(SLICE)
        },
        CRITICAL: config.CheckboxColumn("critical", width="small") if critical else None,
    }


def _column(one: GridColumn, short: str) -> ColumnConfig:
    width = WIDTH if len(short) <= MAX_HEAD else WIDE
    sign = f"{PROMOTED} " if one.promoted else ""
    told = f"{sign}{one.adapter}: {score(one.mean)} on average of {count(one.scored, 'case')}"
    return st.column_config.NumberColumn(
        sign + short, width=width, format="%.2f", help=words.label(told, 300)
    )


def _answer(
    context: frame.PageContext,
    found: CaseGrid,
    rows: Sequence[GridRow],
    cells: Sequence[tuple[int, str]],
) -> None:
    """Open the texts behind a score that was just clicked."""
    picked = next(iter(cells), None)
    # Streamlit repeats the click on every rerun: only a new click may open the texts.
    if picked is None or st.session_state.get("grid-picked") == (found, picked):
        return
    st.session_state["grid-picked"] = (found, picked)
    place, column = picked
    adapter = next((one.adapter for one in found.columns if one.adapter == column), None)
    if place < len(rows) and adapter:
        _texts(context, found, rows[place], adapter)


@st.dialog("Behind the score", width="large")
def _texts(context: frame.PageContext, found: CaseGrid, row: GridRow, adapter: str) -> None:
    history = case_history(
        *(context.project, context.store, found.benchmark, row.case.id, found.metric), [adapter]
    )
    case = history.case or row.case
    frame.before(case, "grid-input")
    left, right = st.columns(2)
    with left:
        frame.text("Input", case.input, "grid-input")
    with right:
        for number, ideal in enumerate(case.ideals):
            frame.text("Ideal" if number == 0 else "or", ideal, f"grid-ideal-{number}")
    for moment in history.moments:
        found_score = f"{metric_title(found.metric)} {score(moment.scores.get(found.metric))}"
        frame.html(pieces.head(row.case.id, pieces.bold(adapter), pieces.quiet(found_score)))
        frame.text("Output", moment.text, "grid-output")
        frame.thoughts(moment.whole, moment.unended, "grid-thoughts")
        if failed := pieces.failed(moment.checks):
            frame.html(failed)
    context.link(
        *("cases", "This case across all adapters", ":material/history:"),
        **{"benchmark": found.benchmark, "metric": found.metric, "case": case.id},
    )


frame.show("Grid", body)
