"""lora-harness: may this LoRA adapter replace the one in production?

Everything public is listed in `__all__` and imported on first use: being installed costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.engines.protocol import Engine, Mounted, Weighed
    from harness.errors import HarnessError
    from harness.flows.decisions.promoted_file import promoted
    from harness.flows.evaluation.compare import compare
    from harness.flows.evaluation.score_text import score
    from harness.flows.evaluation.session import evaluate
    from harness.flows.remembered import history
    from harness.flows.reviews.recording import record_output, record_review
    from harness.judge import verdict
    from harness.records import (
        Benchmark,
        Case,
        CaseResult,
        Check,
        CheckResult,
        Decision,
        Generation,
        Message,
        MetricRule,
        Output,
        Policy,
        Prompt,
        Run,
        Verdict,
    )

__version__ = "1.1.0"

__all__ = [
    "Benchmark",
    "Case",
    "CaseResult",
    "Check",
    "CheckResult",
    "Decision",
    "Engine",
    "Generation",
    "HarnessError",
    "Message",
    "MetricRule",
    "Mounted",
    "Output",
    "Policy",
    "Prompt",
    "Run",
    "Verdict",
    "Weighed",
    "compare",
    "evaluate",
    "history",
    "promoted",
    "record_output",
    "record_review",
    "score",
    "verdict",
]

_HOMES = {
    "Engine": "harness.engines.protocol",
    "Mounted": "harness.engines.protocol",
    "Weighed": "harness.engines.protocol",
    "HarnessError": "harness.errors",
    "compare": "harness.flows.evaluation.compare",
    "evaluate": "harness.flows.evaluation.session",
    "history": "harness.flows.remembered",
    "promoted": "harness.flows.decisions.promoted_file",
    "record_output": "harness.flows.reviews.recording",
    "record_review": "harness.flows.reviews.recording",
    "score": "harness.flows.evaluation.score_text",
    "verdict": "harness.judge",
}


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "harness.records")), name)
