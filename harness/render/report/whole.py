"""The whole record of a run as JSON: prompts, outputs, scores, and the verdict on them."""

from __future__ import annotations

from typing import Any

from harness.render.report.material import Material
from harness.render.verdict import verdict_json
from harness.text.plain import plain

SCHEMA = 1
"""Raised when a key changes its meaning or is removed; new keys may come at any time."""


def report_json(material: Material) -> dict[str, Any]:
    """Return the run with every output, its verdict, the references and the commands."""
    # identity and scores are enough to find a reference; its own report has the texts
    references = {
        role: {
            "id": run.id,
            "adapter": run.adapter,
            "started": run.started,
            "complete": run.complete,
            "digests": run.digests,
            "scores": {result.case.id: result.scores for result in run.results},
        }
        for role, run in material.references.items()
    }
    beside = {
        "schema": SCHEMA,
        "run": material.run,
        "verdict_id": material.verdict_id,
        "made": material.made,
        "promoted_at": material.promoted_at,
        "overridden": material.overridden,
        "texts": material.texts,
        "references": references,
        "commands": {**material.commands, **material.again},
    }
    return dict(plain(beside)) | {"verdict": verdict_json(material.verdict)}
