"""The data of each page of the dashboard, as frozen records without any presentation."""

from harness.flows.queries.alarm_course import EvidenceWeek
from harness.flows.queries.cases import (
    CaseMoment,
    CaseRow,
    CasesPage,
    CaseTimeline,
    HealthNote,
    case_history,
    cases,
)
from harness.flows.queries.comparison import Compared, Comparison, Flag, compare, filtered
from harness.flows.queries.events import Event, WeekRates
from harness.flows.queries.forgetting import Effect, Forgetting
from harness.flows.queries.grid import (
    CaseGrid,
    GridColumn,
    GridRow,
    apart_first,
    case_grid,
    in_slices,
    worst_first,
)
from harness.flows.queries.health import RateLine
from harness.flows.queries.learning_curves import (
    CurvesPage,
    MeasuredCurve,
    learning_curves,
)
from harness.flows.queries.ledger import Entry, Ledger, ledger
from harness.flows.queries.marked_days import MarkedDay, marked_days
from harness.flows.queries.next_step import CandidateNow
from harness.flows.queries.now import Now, PromotedNow, TaskNow, now
from harness.flows.queries.over_time import (
    Band,
    MetricChoice,
    MetricPanel,
    OverTime,
    SlicePanel,
    all_metrics,
    over_time,
)
from harness.flows.queries.points import Point
from harness.flows.queries.review_queue import (
    BlindPair,
    BlindResult,
    Queue,
    blind_pairs,
    blind_results,
    review_queue,
)
from harness.flows.queries.reviewers import reviewers_page, second_looks_page
from harness.flows.queries.shared import PageRate
from harness.flows.queries.standing import Standing
from harness.flows.queries.worth import worth
from harness.records import NextStep

__all__ = [
    "Band",
    "BlindPair",
    "BlindResult",
    "CandidateNow",
    "CaseGrid",
    "CaseMoment",
    "CaseRow",
    "CaseTimeline",
    "CasesPage",
    "Compared",
    "Comparison",
    "CurvesPage",
    "Effect",
    "Entry",
    "Event",
    "EvidenceWeek",
    "Flag",
    "Forgetting",
    "GridColumn",
    "GridRow",
    "HealthNote",
    "Ledger",
    "MarkedDay",
    "MeasuredCurve",
    "MetricChoice",
    "MetricPanel",
    "NextStep",
    "Now",
    "OverTime",
    "PageRate",
    "Point",
    "PromotedNow",
    "Queue",
    "RateLine",
    "SlicePanel",
    "Standing",
    "TaskNow",
    "WeekRates",
    "all_metrics",
    "apart_first",
    "blind_pairs",
    "blind_results",
    "case_grid",
    "case_history",
    "cases",
    "compare",
    "filtered",
    "in_slices",
    "learning_curves",
    "ledger",
    "marked_days",
    "now",
    "over_time",
    "review_queue",
    "reviewers_page",
    "second_looks_page",
    "worst_first",
    "worth",
]
