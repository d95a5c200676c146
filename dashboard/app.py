"""Streamlit's entry file: set the theme, ask for the login, and run the page that was asked for.

Tested in tests/dashboard/test_pages.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if sys.path[0] != str(HERE.parent):
    # In front of all others: the user's project may have a folder `dashboard` too.
    sys.path.insert(0, str(HERE.parent))

import streamlit as st

from dashboard import frame
from dashboard.navigation import PAGES
from dashboard.who import let_in
from harness.text.html import style


def main() -> None:
    """Build the navigation and run the chosen page; Streamlit calls this on every rerun."""
    st.set_page_config(page_title="lora-harness", page_icon=str(HERE / "icon.svg"), layout="wide")
    frame.html(style((HERE / "look.css").read_text(encoding="utf-8")))
    # The folder is not called `pages`: Streamlit would then open a linked page without this file,
    # and so without the login.
    chosen = st.navigation(
        [
            st.Page(f"page/{name}.py", title=title, icon=icon, default=name == "now")
            for name, title, icon in PAGES
        ],
        position="hidden",  # the frame of each page shows links that keep the task
    )
    let_in()
    chosen.run()


main()
