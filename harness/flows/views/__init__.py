"""What each page of the dashboard shows, as frozen records; nothing here knows how it looks."""

from harness.flows.views.balance import Balance, Effect
from harness.flows.views.case_history import CaseHistory, CaseMoment, case_history
from harness.flows.views.cases import CaseRow, CasesPage, HealthNote, cases
from harness.flows.views.compare import Comparison, compare, filtered
from harness.flows.views.compared import Compared, Flag
from harness.flows.views.filing import file_review
from harness.flows.views.health import Line
from harness.flows.views.ledger import Entry, Ledger, ledger
from harness.flows.views.marks import Mark, Week
from harness.flows.views.next_step import CandidateNow
from harness.flows.views.now import Now, PromotedNow, TaskNow, now
from harness.flows.views.over_time import MetricChoice, OverTime, over_time
from harness.flows.views.points import Band, Point, SlicePanel
from harness.flows.views.rates import Rate
from harness.flows.views.review_queue import (
    BlindPair,
    BlindResult,
    Queue,
    blind_pairs,
    blind_results,
    review_queue,
)
from harness.flows.views.waiting import Waiting
from harness.records import NextStep

__all__ = [
    "Balance",
    "Band",
    "BlindPair",
    "BlindResult",
    "CandidateNow",
    "CaseHistory",
    "CaseMoment",
    "CaseRow",
    "CasesPage",
    "Compared",
    "Comparison",
    "Effect",
    "Entry",
    "Flag",
    "HealthNote",
    "Ledger",
    "Line",
    "Mark",
    "MetricChoice",
    "NextStep",
    "Now",
    "OverTime",
    "Point",
    "PromotedNow",
    "Queue",
    "Rate",
    "SlicePanel",
    "TaskNow",
    "Waiting",
    "Week",
    "blind_pairs",
    "blind_results",
    "case_history",
    "cases",
    "compare",
    "file_review",
    "filtered",
    "ledger",
    "now",
    "over_time",
    "review_queue",
]
