"""The dashboard's door: theme, pages, and the task that all of them are about."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if sys.path[0] != str(HERE.parent):
    # First: a stranger's project may have a folder of the same name.
    sys.path.insert(0, str(HERE.parent))

import streamlit as st  # noqa: E402

from dashboard import frame  # noqa: E402
from dashboard.who import let_in  # noqa: E402
from harness.text.html import style  # noqa: E402

PAGES = (
    ("now", "Now", ":material/radio_button_checked:"),
    ("over_time", "Over time", ":material/show_chart:"),
    ("compare", "Compare", ":material/compare_arrows:"),
    ("cases", "Cases", ":material/checklist:"),
    ("review", "Review", ":material/rate_review:"),
    ("ledger", "Ledger", ":material/receipt_long:"),
)


def main() -> None:
    """Every rerun begins here; the page that was asked for runs last."""
    st.set_page_config(page_title="lora-harness", page_icon=str(HERE / "icon.svg"), layout="wide")
    frame.html(style((HERE / "look.css").read_text(encoding="utf-8")))
    # Not a folder `pages`: Streamlit would run a page without this file where a link leads to it.
    chosen = st.navigation(
        [
            st.Page(f"page/{name}.py", title=title, icon=icon, default=name == "now")
            for name, title, icon in PAGES
        ]
    )
    let_in()
    chosen.run()


main()
