"""The words of the project as frozen records; DESIGN 2 is their dictionary.

Records carry no behaviour beyond what follows from their own fields, and import only each other.
"""

from harness.records.benchmark import (
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
from harness.records.decisions import (
    Decision,
    DoctorCheck,
)
from harness.records.reviews import (
    SYNTHETIC,
    Review,
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
from harness.records.verdicts import (
    CaseChange,
    MetricVerdict,
    Outcome,
    SliceVerdict,
    State,
    Verdict,
)

__all__ = [
    "BASE",
    "BASE_PROMPT",
    "RESERVED",
    "SYNTHETIC",
    "Benchmark",
    "Case",
    "CaseChange",
    "CaseResult",
    "Check",
    "CheckResult",
    "Decision",
    "DoctorCheck",
    "Example",
    "Generation",
    "Level",
    "Message",
    "MetricRule",
    "MetricVerdict",
    "Outcome",
    "Output",
    "Policy",
    "Prompt",
    "Review",
    "Role",
    "Run",
    "SliceVerdict",
    "State",
    "Treatment",
    "Verdict",
]
