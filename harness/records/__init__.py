"""The words of the project as frozen records; DESIGN 2 is their dictionary.

Records carry no behaviour beyond what follows from their own fields, and import only each other.
"""

from harness.records.bearings import Bearings, NextStep, TaskBearings
from harness.records.benchmark import (
    LOWER_IS_BETTER,
    PLACEHOLDER,
    Benchmark,
    Case,
    Check,
    Example,
    Generation,
    Level,
    MetricRule,
    Policy,
    Role,
)
from harness.records.cluster import Cluster
from harness.records.compared import Compared, Flag
from harness.records.decisions import (
    Decision,
    DoctorCheck,
)
from harness.records.difference import (
    BenchmarkDifference,
    CaseDifference,
    FieldChange,
)
from harness.records.health import (
    BenchmarkHealth,
    CaseHistory,
    CasesNeeded,
)
from harness.records.monitoring import (
    ALARM,
    REVIEWED,
    SIGNALS,
    Age,
    Course,
    Drift,
    Health,
    InputShift,
    Monitored,
    Prediction,
    RetrainLine,
    Signal,
    Standout,
    Watched,
    Weighed,
)
from harness.records.privacy import PersonalKind, Privacy
from harness.records.remedy import Plan
from harness.records.reviews import (
    ON_BENCHMARK,
    SYNTHETIC,
    GroupRates,
    Rate,
    Review,
    Tally,
    Treatment,
)
from harness.records.runs import (
    BASE,
    BASE_PROMPT,
    RESERVED,
    CaseResult,
    CheckResult,
    Message,
    Output,
    Prompt,
    Run,
)
from harness.records.settings import Endpoint
from harness.records.sweeps import Swept
from harness.records.tracker import Tracker
from harness.records.verdicts import (
    CaseChange,
    Limit,
    MetricVerdict,
    Outcome,
    Sampling,
    SliceVerdict,
    State,
    Verdict,
    Worth,
)

__all__ = [
    "ALARM",
    "BASE",
    "BASE_PROMPT",
    "LOWER_IS_BETTER",
    "ON_BENCHMARK",
    "PLACEHOLDER",
    "RESERVED",
    "REVIEWED",
    "SIGNALS",
    "SYNTHETIC",
    "Age",
    "Bearings",
    "Benchmark",
    "BenchmarkDifference",
    "BenchmarkHealth",
    "Case",
    "CaseChange",
    "CaseDifference",
    "CaseHistory",
    "CaseResult",
    "CasesNeeded",
    "Check",
    "CheckResult",
    "Cluster",
    "Compared",
    "Course",
    "Decision",
    "DoctorCheck",
    "Drift",
    "Endpoint",
    "Example",
    "FieldChange",
    "Flag",
    "Generation",
    "GroupRates",
    "Health",
    "InputShift",
    "Level",
    "Limit",
    "Message",
    "MetricRule",
    "MetricVerdict",
    "Monitored",
    "NextStep",
    "Outcome",
    "Output",
    "PersonalKind",
    "Plan",
    "Policy",
    "Prediction",
    "Privacy",
    "Prompt",
    "Rate",
    "RetrainLine",
    "Review",
    "Role",
    "Run",
    "Sampling",
    "Signal",
    "SliceVerdict",
    "Standout",
    "State",
    "Swept",
    "Tally",
    "TaskBearings",
    "Tracker",
    "Treatment",
    "Verdict",
    "Watched",
    "Weighed",
    "Worth",
]
