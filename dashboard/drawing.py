"""Put charts on the page: each is built once for its data, and not checked on every click.

Altair checks a chart against Vega-Lite's whole schema, which takes longer than all queries of a
page. The tests check charts of every kind instead.

Tested in tests/dashboard/test_drawing.py.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    import altair as alt
    from streamlit.delta_generator import DeltaGenerator

MAX_KEPT = 256
"""Charts of all visitors that are kept; one takes some kilobytes."""


def draw(
    key: str,
    make: Callable[..., alt.TopLevelMixin],
    *of: Any,
    place: DeltaGenerator | None = None,
    **how: Hashable,
) -> None:
    """Draw the chart that `make` makes of some records, at the end of the page or of a place."""
    spec = _spec_of(make, of, how)
    if place is None:
        st.vega_lite_chart(spec, key=key)
    else:
        place.vega_lite_chart(spec, key=key)


def draw_made(key: str, chart: alt.TopLevelMixin) -> None:
    """Draw a chart that is there already."""
    st.vega_lite_chart(_unchecked(chart), key=key)


def draw_clickable(
    key: str, selection: str, make: Callable[..., alt.TopLevelMixin], *of: Any
) -> Any:
    """Draw a chart with clickable marks; return Streamlit's event with the clicked ones."""
    return st.vega_lite_chart(
        _spec_of(make, of, {}), key=key, on_select="rerun", selection_mode=selection
    )


def _spec_of(
    make: Callable[..., alt.TopLevelMixin], of: tuple[Any, ...], how: dict[str, Hashable]
) -> dict[str, Any]:
    """Return a chart as Vega-Lite takes it; Streamlit changes the outermost level only."""
    try:
        hash(of)
    except TypeError:  # a record with a dictionary in it, such as a case's scores
        return _built(make, of, tuple(how.items()))
    return dict(_kept(make, of, tuple(how.items())))


def _built(
    make: Callable[..., alt.TopLevelMixin],
    of: tuple[Any, ...],
    how: tuple[tuple[str, Hashable], ...],
) -> dict[str, Any]:
    return _unchecked(make(*of, **dict(how)))


def _unchecked(chart: alt.TopLevelMixin) -> dict[str, Any]:
    spec = chart.to_dict(validate=False)
    # Altair's own width and height for charts that name none; Streamlit fits them to the page.
    spec.pop("config", None)
    return spec


_kept = lru_cache(MAX_KEPT)(_built)
