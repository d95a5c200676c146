"""Annotations for GitHub: a workflow command for each case that broke or has unusable output.

This is the only module that makes such commands; model output stays data in them.
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.records import Compared
from harness.render.report.material import Material, must_failed
from harness.text import safe
from harness.text.figures import metric_title, score

MAX_ANNOTATIONS = 10
"""GitHub shows at most ten of a step."""
MAX_NAME = 80
MAX_TEXT = 300
PREFERRED = "edit_similarity"
"""The metric whose scores are shown where the case has it."""


def workflow_commands(material: Material, file: str, lines: Mapping[str, int]) -> tuple[str, ...]:
    """Annotate at most ten cases of `file`, critical cases first.

    `lines` has the line of each case in that file.
    """
    wanted = [
        compared
        for compared in material.compared
        if (compared.flag == "broken" and not compared.accepted) or must_failed(compared)
    ]
    # GitHub drops annotations beyond the tenth, so those that matter most come first
    ranked = sorted(wanted, key=lambda it: (not it.case.critical, not must_failed(it)))
    return tuple(
        _command(compared, material, file, lines.get(compared.case.id, 1))
        for compared in ranked[:MAX_ANNOTATIONS]
    )


def _command(compared: Compared, material: Material, file: str, line: int) -> str:
    unusable = must_failed(compared)
    grave = material.verdict.outcome == "reject" or compared.case.critical or unusable
    adapter = safe.ci_log(material.run.adapter, limit=MAX_NAME)
    what = "broke" if compared.flag == "broken" else "fails a must check on"
    title = f"{adapter} {what} {safe.ci_log(compared.case.id, limit=MAX_NAME)}"
    values = {"file": file, "line": str(line), "title": title}
    # a colon or a comma would end the value of a property
    properties = ",".join(
        f"{name}={_escaped(value).replace(':', '%3A').replace(',', '%2C')}"
        for name, value in values.items()
    )
    message = _escaped(_message(compared, material))
    return f"::{'error' if grave else 'warning'} {properties}::{message}"


def _message(compared: Compared, material: Material) -> str:
    """Return the scores, the failed must checks and the candidate's output."""
    parts = []
    name = PREFERRED if PREFERRED in compared.scores else next(iter(compared.scores), None)
    if name is not None:
        before, now = compared.scores[name]
        parts.append(f"{metric_title(name)} {score(before)} → {score(now)}")
    for check in compared.candidate.failed_musts if compared.candidate else ():
        found = f": {check.message}" if check.message and material.texts else ""
        parts.append(f"must {check.name} failed{found}")
    if material.texts and compared.candidate and compared.candidate.text.strip():
        parts.append(f"it wrote: {compared.candidate.text}")
    return "; ".join(safe.ci_log(part, limit=MAX_TEXT) for part in parts)


def _escaped(text: str) -> str:
    """Escape a message as GitHub's own toolkit does; the percent sign must be first."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
