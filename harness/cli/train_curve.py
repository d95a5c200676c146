"""`lora-harness train --curve`: would more examples help?

Tested in tests/cli/test_train_curve.py.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.errors import RequestError
from harness.progress import ProgressLine, about
from harness.text.figures import count
from harness.text.safe import json_line

if TYPE_CHECKING:
    from harness.engines.trainer import Recipe
    from harness.flows.project import Project
    from harness.flows.training.curve_plan import CurvePlan
    from harness.flows.training.learning_curve import CurveResult

MEGABYTE = 1_000_000


def train_curve(
    project: Project,
    data: Path,
    recipe: Recipe,
    *,
    name: str | None,
    keep: bool,
    as_json: bool,
    **how: Any,
) -> None:
    """Make the missing trainings of a curve, then say what it foretells."""
    if keep and not name:
        raise RequestError("--keep needs a NAME, with which the names of the adapters begin")
    if name and not keep:
        raise RequestError(
            f"{name}: a curve's adapters are temporary; leave the name out, or add --keep"
        )
    line = ProgressLine("learning curve")
    line.show(0, 1, "reading the training set")  # before the imports, which take a moment
    from harness.flows.training.curve_plan import plan_curve
    from harness.flows.training.learning_curve import train_curve as flow
    from harness.render.learning_curve import curve_json, curve_text

    plan = plan_curve(project, data, recipe, keep=name, **how)
    line.close()
    click.echo(_planned(plan), err=True)
    made = flow(project, plan, line.show)
    line.close()
    if as_json:
        known = {"file": str(made.file), "made": made.made, "kept": list(made.kept)}
        click.echo(json_line(curve_json(made.curve, made.foretold, made.enough) | known))
        return
    width = min(120, max(80, shutil.get_terminal_size((100, 24)).columns))
    click.echo(curve_text(made.curve, made.foretold, width, made.enough))
    click.echo(f"  {_disk(made)}\n  scores  {made.file}")


def _planned(plan: CurvePlan) -> str:
    """Say which trainings are ahead, and how long they take as far as an earlier one tells."""
    whole = plan.curve.wanted
    if not plan.parts:
        return f"learning curve: all {whole} trainings are there"
    sizes = ", ".join(f"{n:,}" for n in sorted({len(part.examples) for part in plan.parts}))
    there = whole - len(plan.parts)
    ahead = count(len(plan.parts), "training")
    took = "" if plan.seconds is None else f", {about(plan.seconds)}"
    return (
        f"learning curve: {ahead} on {sizes} examples, {count(plan.curve.seeds, 'seed')}"
        f"{f', {there} done already' if there else ''}{took}"
    )


def _disk(made: CurveResult) -> str:
    """Say how much of the disk the adapters took, and whether they still do."""
    sizes = [point.bytes for point in made.curve.points[-made.made :]] if made.made else [0]
    one, together = (f"{size / MEGABYTE:,.2f} MB" for size in (max(sizes), sum(sizes)))
    if made.kept:
        kept = count(len(made.kept), "adapter")
        return f"disk    {kept} kept, {together}: {', '.join(made.kept)}"
    if not made.made:
        return "disk    no adapter was made or kept"
    return f"disk    one adapter of {one} at a time, none is kept (--keep keeps them)"
