"""Parts of a report on a page of others, such as a notebook, whose style they leave alone.

Tested in tests/render/test_notebook.py.
"""

from __future__ import annotations

import re
from functools import cache

from harness.render.report.page import sheet_text
from harness.text.html import Html, element, joined, style

BOX = "lora-harness"
"""Class of the element around everything, which the style sheet stays within."""

_OVER_THEMES = """table { color: inherit !important; table-layout: auto !important; }
  tr, th, td { background: none !important; text-align: left !important;
    white-space: normal !important; }
  tr .number { text-align: right !important; white-space: nowrap !important; }
  tr .chart { min-width: 7.5rem; }
  tr .long { min-width: 18rem; }
  tr .word { white-space: nowrap !important; }"""
"""A notebook's theme colours tables for its own paper, gives all columns one width and sets them
right; ours are light or dark by the reader, and as wide as what stands in them."""


def framed(content: Html) -> str:
    """Return content with the report's style, which reaches nothing else on the page."""
    return joined(style(_nested()), element("div", content, class_=BOX))


@cache
def _nested() -> str:
    inner = re.sub(r"(?<![-\w.#])(:root|html|body)(?=\s*\{)", "&", sheet_text())
    return f".{BOX} {{ padding: .6rem; {inner} {_OVER_THEMES} }}"
