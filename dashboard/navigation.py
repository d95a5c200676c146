"""The pages and the links to them, which carry the chosen task along.

Streamlit's own navigation links to bare pages, so that a link opened in a new tab, and every step
from page to page, would lose the task.

Tested in tests/dashboard/test_navigation.py.
"""

from __future__ import annotations

import streamlit as st

PAGES = (
    ("now", "Now", ":material/radio_button_checked:"),
    ("over_time", "Over time", ":material/show_chart:"),
    ("compare", "Compare", ":material/compare_arrows:"),
    ("grid", "Grid", ":material/grid_on:"),
    ("cases", "Cases", ":material/checklist:"),
    ("review", "Review", ":material/rate_review:"),
    ("reviewers", "Reviewers", ":material/group:"),
    ("worth", "Worth", ":material/savings:"),
    ("ledger", "Ledger", ":material/receipt_long:"),
)


def links(task: str) -> None:
    """Show a link to every page; an empty task means that there is no choice."""
    for name, title, icon in PAGES:
        link(name, title, icon, task)


def link(page: str, label: str, icon: str, task: str, **about: str) -> None:
    """Show a link to a page of the task, with further choices in its address."""
    asked = ([("task", task)] if task else []) + list(about.items())
    st.page_link(f"page/{page}.py", label=label, icon=icon, query_params=asked)
