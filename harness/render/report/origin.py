"""Where the numbers of a report come from, and what can be typed to get them again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields

from harness.records import Policy
from harness.render.report.material import Material
from harness.text.figures import count
from harness.text.html import Html, element

DEEPEST = 3


def origin(material: Material) -> Html:
    """Versions, hashes, machine and settings of the candidate's run, then of the verdict."""
    run, verdict = material.run, material.verdict
    lines: list[tuple[str, str]] = [
        ("run", run.id),
        ("started", run.started),
        ("verdict", material.verdict_id or "not kept"),
        ("given", material.made or "not known"),
        ("benchmark", f"{run.benchmark}, fingerprint {run.fingerprint}"),
        ("cases", _cases(material)),
        *((f"{name} sha256", digest) for name, digest in run.digests.items()),
        *told(run.origin),
        *((f"seconds, {step}", f"{spent:g}") for step, spent in run.seconds.items()),
        *((f"run of {side}", other.id) for side, other in material.references.items()),
        ("alpha", f"{verdict.alpha:g}"),
        ("policy", _policy(verdict.policy)),
    ]
    return described(lines)


def described(lines: list[tuple[str, str]]) -> Html:
    """Names with what stands for them."""
    return element(
        "dl",
        [element("div", element("dt", name), element("dd", text)) for name, text in lines],
        class_="origin",
    )


def told(
    origin: Mapping[str, object], above: str = "", depth: int = 0
) -> Iterator[tuple[str, str]]:
    """What an engine says of itself, flat: `versions, torch`."""
    for key, value in origin.items():
        name = f"{above}, {key}" if above else str(key)
        if isinstance(value, Mapping) and depth < DEEPEST:
            yield from told(value, name, depth + 1)
        else:
            yield name, _word(value)


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "not known" if value is None else str(value)


def _cases(material: Material) -> str:
    verdict = material.verdict
    whole = "the whole benchmark" if material.run.complete else "only some of the benchmark"
    samples = f", {verdict.samples} samples each" if verdict.samples > 1 else ""
    return f"{count(len(material.run.results), 'case')}, {whole}{samples}"


def _policy(policy: Policy) -> str:
    """What the team set otherwise than this software does by itself."""
    usual = Policy()
    changed = [
        f"{field.name} = {getattr(policy, field.name)}"
        for field in fields(Policy)
        if getattr(policy, field.name) != getattr(usual, field.name)
    ]
    return ", ".join(changed) or "as this software has it"


def commands(found: Mapping[str, str]) -> Html | None:
    """What can be typed, by what it does."""
    lines = [
        element("div", element("dt", what), element("dd", element("code", line)))
        for what, line in found.items()
    ]
    return element("dl", lines, class_="commands") if lines else None
