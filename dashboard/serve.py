"""The server's entry file: the pages of `app.py` behind the guard of `own_host.py`.

Tested in tests/dashboard/test_own_host.py and test_serve.py.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from threading import Thread

HERE = Path(__file__).resolve().parent
if sys.path[0] != str(HERE.parent):
    # In front of all others: the user's project may have a folder `dashboard` too.
    sys.path.insert(0, str(HERE.parent))

import streamlit as st
from starlette.middleware import Middleware

from dashboard.own_host import OwnHostOnly

GUARD = Middleware(
    OwnHostOnly,
    names=st.get_option("server.allowedHosts"),
    proxy=st.get_option("browser.serverAddress"),
)
USED_BY_PAGES = (
    "dashboard.frame",
    "dashboard.told",
    "dashboard.trends",
    "dashboard.case_charts",
    "scipy.special",
)
"""Modules that import all that pages need, and what these leave to its first use."""


def read_ahead() -> None:
    """Import what the pages need while the browser of the first reader still loads its own."""
    for name in USED_BY_PAGES:
        import_module(name)


Thread(target=read_ahead, name="read ahead", daemon=True).start()
# `streamlit run` finds this call by its name, and serves it in place of a script.
app = st.App(HERE / "app.py", middleware=[GUARD])
