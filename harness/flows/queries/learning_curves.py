"""The learning curves of a task, for the page Worth: would more examples help?

Tested in tests/flows/training/test_learning_curve.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.findings.learning_curve import enough, foretell
from harness.flows.project import Project
from harness.records import EnoughExamples, Foretold, LearningCurve
from harness.records.holds import QUOTING
from harness.workspace.project.curves import read_curves


@dataclass(frozen=True, slots=True)
class MeasuredCurve:
    """A learning curve as far as it is measured, and what it foretells."""

    curve: LearningCurve
    foretold: tuple[Foretold, ...]
    enough: EnoughExamples | None
    """None where the team declared no line for the task's edit rate."""


@dataclass(frozen=True, slots=True)
class CurvesPage:
    """The learning curves of a task."""

    curves: tuple[MeasuredCurve, ...]
    """The newest first."""
    damaged: tuple[str, ...] = field(metadata=QUOTING)
    """A sentence on each file that cannot be read."""


def learning_curves(project: Project, task: str) -> CurvesPage:
    """Return the curves that `train --curve` left in the reports folder."""
    curves, damaged = read_curves(project.settings.reports, task)
    line = project.settings.monitor.get(task, {}).get("edit_rate")
    told = [foretell(curve) for curve in curves]
    found = tuple(
        MeasuredCurve(curve, one, enough(one, line))
        for curve, one in zip(curves, told, strict=True)
    )
    return project.redaction.record(CurvesPage(found, tuple(damaged)))
