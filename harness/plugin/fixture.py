"""What the fixture `harness` gives: scores and verdicts of one project, for anybody's tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.records import CaseResult, Policy, Run, Verdict


class Harness:
    """Everything is asked of the project in `folder`; each method loads what it needs, then."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def score(self, output: str, ideal: str | Sequence[str], **more: Any) -> CaseResult:
        """One text against its ideal, or the best of several.

        `more`: `metrics`, `input`, `checks`, as for `harness.score`.
        """
        from harness.flows.evaluation.score_text import score

        return score(output, ideal, project=self.folder, **more)

    def evaluate(self, adapter: str, **more: Any) -> Mapping[str, Verdict]:
        """The verdicts on an adapter by benchmark, kept in the store as those of `--model` are.

        `more`: `benchmarks`, `against`, `engine`, `store`, `baselines`, as for `harness.evaluate`.
        """
        from harness.flows.evaluation.session import evaluate

        return evaluate(adapter, project=self.folder, **more)

    def verdict(
        self, candidate: Run, promoted: Run | None, policy: Policy | None = None, **more: Any
    ) -> Verdict:
        """Whether one run may replace the other; touches neither disk nor store."""
        from harness.judge import verdict

        return verdict(candidate, promoted, policy or Policy(), **more)
