"""The origin of a report's numbers, and the commands that give them again.

Tested in tests/render/report/test_whole.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields

from harness.records import Policy
from harness.render.report.material import Material
from harness.text.figures import count
from harness.text.html import Html, element

MAX_DEPTH = 3


def origin(material: Material) -> Html:
    """List versions, hashes, machine and settings of the candidate's run, then of the verdict."""
    run, verdict = material.run, material.verdict
    whole = "the whole benchmark" if run.complete else "only some of the benchmark"
    samples = f", {verdict.samples} samples each" if verdict.samples > 1 else ""
    lines: list[tuple[str, str]] = [
        ("run", run.id),
        ("started", run.started),
        ("verdict", material.verdict_id or "not kept"),
        ("given", material.made or "not known"),
        ("benchmark", f"{run.benchmark}, fingerprint {run.fingerprint}"),
        ("cases", f"{count(len(run.results), 'case')}, {whole}{samples}"),
        *((f"{name} sha256", digest) for name, digest in run.digests.items()),
        *flattened(run.origin),
        *((f"seconds, {step}", f"{spent:g}") for step, spent in run.seconds.items()),
        *((f"run of {role}", other.id) for role, other in material.references.items()),
        ("alpha", f"{verdict.alpha:g}"),
        ("policy", _policy(verdict.policy)),
    ]
    return described(lines)


def described(lines: list[tuple[str, str]]) -> Html:
    """Return a list of names with their values."""
    return element(
        "dl",
        [element("div", element("dt", name), element("dd", text)) for name, text in lines],
        class_="origin",
    )


def flattened(
    origin: Mapping[str, object], above: str = "", depth: int = 0
) -> Iterator[tuple[str, str]]:
    """Yield the facts that an engine reports about itself, with joined names: `versions, torch`."""
    for key, value in origin.items():
        name = f"{above}, {key}" if above else str(key)
        if isinstance(value, Mapping) and depth < MAX_DEPTH:
            yield from flattened(value, name, depth + 1)
        elif isinstance(value, bool):
            yield name, "yes" if value else "no"
        else:
            yield name, "not known" if value is None else str(value)


def _policy(policy: Policy) -> str:
    """Return the settings that differ from the defaults."""
    usual = Policy()
    changed = [
        f"{field.name} = {getattr(policy, field.name)}"
        for field in fields(Policy)
        if getattr(policy, field.name) != getattr(usual, field.name)
    ]
    return ", ".join(changed) or "as this software has it"


def commands(found: Mapping[str, str]) -> Html | None:
    """Return a list of commands by their purpose; None if there are none."""
    lines = [
        element("div", element("dt", what), element("dd", element("code", line)))
        for what, line in found.items()
    ]
    return element("dl", lines, class_="commands") if lines else None
