"""Records to text and JSON: what people and programs read. Returns values, never prints.

Every word that a model, a file or a person wrote passes `safe` on its way out.
"""

from __future__ import annotations

from harness.render.compare import compare_json, compare_text
from harness.render.doctor import doctor_json, doctor_text
from harness.render.verdict import verdict_json, verdict_text
from harness.text.diff import word_diff

__all__ = [
    "compare_json",
    "compare_text",
    "doctor_json",
    "doctor_text",
    "verdict_json",
    "verdict_text",
    "word_diff",
]
