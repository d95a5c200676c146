"""The hooks of `pytest --model`, for a project's conftest.py or another plugin.

Imported by every pytest run on the machine, so it imports nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from harness.errors import HarnessError
    from harness.records import Run, Verdict


def pytest_harness_verdict(config: pytest.Config, verdict: Verdict, run: Run) -> None:
    """Receive the verdict on an adapter, which is in the store by then.

    Called once for each adapter on each benchmark, guards included, before its items run.
    `verdict` has the outcome, `run` every output and score that it rests on, both redacted as
    `[tool.harness.privacy]` says. A hook cannot change either of them. Under xdist it is called
    in the worker that judged. What it raises ends the session as with any other hook.

    :param config: pytest's configuration.
    :param verdict: What the gate says; a `harness.Verdict`.
    :param run: The adapter's outputs and scores; a `harness.Run`.
    """


def pytest_harness_unjudged(
    config: pytest.Config, adapter: str, benchmark: str, problem: HarnessError
) -> None:
    """Receive the error that left an adapter without a verdict: a refusal or a failure.

    Called instead of `pytest_harness_verdict`; missing is neither a rejection nor a promotion.

    :param config: pytest's configuration.
    :param adapter: The adapter's name.
    :param benchmark: The benchmark's name.
    :param problem: Why; `str(problem)` is one line, `problem.exit_code` is 4 or 11.
    """
