"""Annotations for GitHub: one workflow command for each case that broke or cannot be used.

The only place that makes such commands; whatever a model wrote stays data in them.
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.records import Compared
from harness.render.report.material import Material, must_failed
from harness.text import safe
from harness.text.figures import metric_title, score

MAX_ANNOTATIONS = 10
"""GitHub shows no more of a step."""
NAME = 80
TEXT = 300
PREFERRED = "edit_similarity"


def workflow_commands(material: Material, file: str, lines: Mapping[str, int]) -> tuple[str, ...]:
    """For cases that stand in `file` on their own lines; critical ones first, ten at most."""
    wanted = [
        one
        for one in material.compared
        if (one.flag == "broken" and not one.accepted) or must_failed(one)
    ]
    ranked = sorted(wanted, key=lambda one: (not one.case.critical, not must_failed(one)))
    return tuple(
        _command(one, material, file, lines.get(one.case.id, 1)) for one in ranked[:MAX_ANNOTATIONS]
    )


def _command(one: Compared, material: Material, file: str, line: int) -> str:
    grave = material.verdict.outcome == "reject" or one.case.critical or must_failed(one)
    properties = {"file": file, "line": str(line), "title": _title(one, material)}
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{'error' if grave else 'warning'} {told}::{_data(_message(one, material))}"


def _title(one: Compared, material: Material) -> str:
    name = safe.ci_log(material.run.adapter, limit=NAME)
    what = "broke" if one.flag == "broken" else "fails a must check on"
    return f"{name} {what} {safe.ci_log(one.case.id, limit=NAME)}"


def _message(one: Compared, material: Material) -> str:
    """The scores, the checks that must hold, and what was written."""
    parts = [_scores(one)]
    for check in one.candidate.failed_musts if one.candidate else ():
        said = f": {check.message}" if check.message and material.texts else ""
        parts.append(f"must {check.name} failed{said}")
    if material.texts and one.candidate and one.candidate.text.strip():
        parts.append(f"it wrote: {one.candidate.text}")
    return "; ".join(safe.ci_log(part, limit=TEXT) for part in parts if part)


def _scores(one: Compared) -> str:
    name = PREFERRED if PREFERRED in one.scores else next(iter(one.scores), None)
    if name is None:
        return ""
    before, now = one.scores[name]
    return f"{metric_title(name)} {score(before)} → {score(now)}"


def _data(text: str) -> str:
    """As the runner's own toolkit escapes a message."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
