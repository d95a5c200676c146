"""The report of a run in three forms: a page, a comment for a pull request, and JSON.

All three say the same and are made of the same `Material`.
"""

from __future__ import annotations

from harness.render.report.comment import report_markdown
from harness.render.report.material import Material, Placed
from harness.render.report.page import report_html
from harness.render.report.whole import SCHEMA, report_json

__all__ = ["SCHEMA", "Material", "Placed", "report_html", "report_json", "report_markdown"]
