"""What each page of the dashboard shows, as frozen records; nothing here knows how it looks."""

from harness.flows.queries.case_history import CaseHistory, CaseMoment, case_history
from harness.flows.queries.cases import CaseRow, CasesPage, HealthNote, cases
from harness.flows.queries.compared import Compared, Flag
from harness.flows.queries.comparison import Comparison, compare, filtered
from harness.flows.queries.events import Mark, Week
from harness.flows.queries.forgetting import Balance, Effect
from harness.flows.queries.health import Line
from harness.flows.queries.ledger import Entry, Ledger, ledger
from harness.flows.queries.next_step import CandidateNow
from harness.flows.queries.now import Now, PromotedNow, TaskNow, now
from harness.flows.queries.over_time import MetricChoice, OverTime, over_time
from harness.flows.queries.points import Band, Point, SlicePanel
from harness.flows.queries.rates import Rate
from harness.flows.queries.review_queue import (
    BlindPair,
    BlindResult,
    Queue,
    blind_pairs,
    blind_results,
    review_queue,
)
from harness.flows.reviews.file_review import file_review
from harness.flows.reviews.waiting import Waiting
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
