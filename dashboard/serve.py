"""The server's entry file: the pages of `app.py` behind the guard of `own_host.py`.

Tested in tests/dashboard/test_own_host.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if sys.path[0] != str(HERE.parent):
    # In front of all others: the user's project may have a folder `dashboard` too.
    sys.path.insert(0, str(HERE.parent))

import streamlit as st  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402

from dashboard.own_host import OwnHostOnly  # noqa: E402

GUARD = Middleware(
    OwnHostOnly,
    names=st.get_option("server.allowedHosts"),
    proxy=st.get_option("browser.serverAddress"),
)
# `streamlit run` finds this call by its name, and serves it in place of a script.
app = st.App(HERE / "app.py", middleware=[GUARD])
