"""The fixture `harness`: scores and verdicts of one project, for the tests of its users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.records import CaseResult, Policy, Run, Verdict


class Harness:
    """Scores and verdicts of the project in `folder`; each method imports what it needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def score(self, output: str, ideal: str | Sequence[str], **more: Any) -> CaseResult:
        """Score one text against its ideal, or against the nearest of several.

        `more`: `metrics`, `input`, `checks`, as for `harness.score`.
        """
        from harness.flows.evaluation.score_text import score

        return score(output, ideal, project=self.folder, **more)

    def evaluate(self, adapter: str, **more: Any) -> Mapping[str, Verdict]:
        """Return the verdicts on an adapter by benchmark, stored as those of `--model` are.

        `more`: `benchmarks`, `against`, `engine`, `store`, `baselines`, as for `harness.evaluate`.
        """
        from harness.flows.evaluation.session import evaluate

        return evaluate(adapter, project=self.folder, **more)

    def verdict(
        self, candidate: Run, promoted: Run | None, policy: Policy | None = None, **more: Any
    ) -> Verdict:
        """Judge whether one run may replace the other, without disk or store."""
        from harness.judge import verdict

        return verdict(candidate, promoted, policy or Policy(), **more)
