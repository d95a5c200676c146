"""Problems in training data and benchmarks: examples and cases in, findings out. Pure.

`Finding` is the record; `near_duplicates` and `overlap` compare texts with texts.
"""

from harness.findings.finding import Finding, counted, in_order, quoted
from harness.findings.near import Near, near_duplicates
from harness.findings.overlap import CaseText, Overlap, case_texts, overlap, overlap_of
from harness.findings.words import normal, words

__all__ = [
    "CaseText",
    "Finding",
    "Near",
    "Overlap",
    "case_texts",
    "counted",
    "in_order",
    "near_duplicates",
    "normal",
    "overlap",
    "overlap_of",
    "quoted",
    "words",
]
