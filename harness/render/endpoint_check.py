"""The answer of a live endpoint in a sentence, as lines for a terminal, and as JSON.

Tested in tests/findings/test_live_answers.py.
"""

from __future__ import annotations

from typing import Any

from harness.records import EndpointCheck
from harness.text.plain import plain
from harness.text.safe import ci_log
from harness.text.table import hang

_NEXT = {
    "another": "serve the promoted bytes: `lora-harness path` prints where they lie",
    "base": "load the promoted adapter: `lora-harness path` prints where it lies",
    "other base": "start the server with the base that the adapter was judged on",
    "template": "start the server with the base's own chat template and sampling defaults",
    "quantisation": "serve the weights that were judged, or judge what is served",
    "partly": "see `--lora-target-modules` of the server, and which files it has loaded",
    "unknown": "serve log-probabilities of prompts (vLLM does), or name the adapter by --model",
}


def sentence(check: EndpointCheck) -> str:
    """Say who answers."""
    asked, name = f"{check.model} at {check.url}", check.name
    rounding = f", as {check.rounding} rounds" if check.rounding else ""
    said = {
        "promoted": f"{check.promoted} answers{rounding}",
        "another": f"{name} answers, not {check.promoted}",
        "base": f"the base answers, without {check.promoted}",
        "other base": f"another base answers than the one {check.promoted} was judged on",
        "template": f"its prompts or its sampling are others than {check.promoted} was judged with",
        "quantisation": f"{name or check.promoted} answers in coarser weights (quantised)",
        "partly": f"neither {check.promoted} nor another adapter that the store knows: a part of"
        " it, or other files",
        "unknown": "what it answers does not tell",
    }
    return f"{asked}: {said[check.answers]}"


def evidence(check: EndpointCheck) -> str:
    """Say what the answer rests on."""
    parts = []
    if check.distance is not None:
        parts.append(f"{check.ideals} ideals {check.distance:.2g} apart in NLL")
    if check.texts:
        parts.append(f"{check.equal} of {check.texts} texts equal")
    return ", ".join(parts) or "nothing could be compared"


def endpoint_text(check: EndpointCheck, width: int = 80) -> str:
    """Return the sentence, its evidence, and the next step where the answer is not as it should."""
    word = {"same": "SAME", "other": "OTHER", "unknown": "UNKNOWN"}[check.outcome]
    lines = [*hang(f"{word}  ", ci_log(sentence(check)), width)]
    lines.append(f"  from  {evidence(check)} (promoted {check.digest[:12]})")
    if check.answers in _NEXT:
        lines += hang("  next  ", _NEXT[check.answers], width)
    return "\n".join(lines)


def endpoint_json(check: EndpointCheck) -> dict[str, Any]:
    """Return the record with its sentence."""
    found: dict[str, Any] = plain(check)
    return found | {"words": sentence(check)}
