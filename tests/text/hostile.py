"""Texts as a hostile model would write them, and what must not come out of them."""

import re
import unicodedata

from hypothesis import strategies as st

PIECES = (
    "::", ":", "##[", "##", "#", "[", "]", "error", "set-output name=x::", "stop-commands", "group",
    " ", "\n", "\r", "\r\n", "\v", "\f", "\t", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029",
    "\u00a0", "\u2003", "\u3000", "\u200b", "\ufeff", "\x1b[2J", "\x1b]0;x\x07", "\x9b", "\u202e",
    "\ud800", "\udfff", "\x00", "\ufffe", "|", "`", "```", "<script>", "</details>", "@team", "![",
    "](", "javascript:", "=1+1", "+", "-", "\u2212", "word", "é", "漢", "&lt;", "\\", "\\|", "~",
    "*",
)  # fmt: skip
hostile = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=12).map(
    "".join
)

# What the runner does: trim, then look for `::name` at the start; or find `##[` anywhere.
COMMAND = re.compile(r"^\s*::|##\w*\[")


def acts(shown, keep=""):
    """Characters that a reader cannot see or that move the cursor."""
    return [
        sign
        for sign in shown
        if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") and sign not in keep
    ]
