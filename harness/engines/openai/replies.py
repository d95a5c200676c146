"""What a server answered, believed in nothing: texts, log-probabilities, names."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import fsum, isnan, nan
from typing import Any, Literal, NoReturn

from harness.errors import EngineFailed
from harness.records import Output, Prompt
from harness.text.quoting import ANSWER

_FINISHES: Mapping[object, Literal["stop", "length"]] = {"stop": "stop", "length": "length"}
_MAX_QUOTED = 200
_LARGEST = 1e6
"""Beyond this it is no logarithm of a probability; some servers say -9999 for none at all."""
_ROUNDING = 1e-3


def read_json(text: str, where: str) -> Any:
    """JSON; a page, half a document or nothing is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        _garbage(where, "is not JSON", text)


def _garbage(where: str, what: str, answer: object) -> NoReturn:
    shown = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=True)
    begins = " ".join(shown[:80].split()) or "nothing"
    raise EngineFailed(f"{where}: the answer {what} {ANSWER.say(begins)}")


def said(text: str) -> str:
    """` (reason)`, where an error's body gives one."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = text
    for key in ("error", "detail", "message"):
        found = found.get(key, found) if isinstance(found, dict) else found
    words = found if isinstance(found, str) else json.dumps(found)
    line = " ".join(words.split())[:_MAX_QUOTED]
    return f" ({line})" if line else ""


def model_names(answer: Any, where: str) -> list[tuple[str, bool]]:
    """What a server calls its models, and whether each is a base."""
    rows = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        _garbage(where, "lists no models", answer)
    found = [row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]
    return [(row["id"], row.get("parent") is None) for row in found]


def chat_output(answer: Any, prompt: Prompt, where: str) -> Output:
    """The text of a chat completion."""
    choice = _choice(answer, where)
    message = choice.get("message")
    text = message.get("content") if isinstance(message, dict) else None
    if not isinstance(text, str):
        _garbage(where, "holds no text", answer)
    finish = choice.get("finish_reason")
    if not isinstance(finish, str) or finish not in _FINISHES:
        _garbage(where, f"ended by {str(finish)[:40]!r}, not by stop or length", answer)
    tokens = _usage(answer, "completion_tokens")
    return Output(prompt.case, text.strip(), prompt.sample, tokens, _FINISHES[finish])


def prompt_tokens(answer: Any) -> int | None:
    """How many tokens the server made of a prompt, where it says so."""
    return _usage(answer, "prompt_tokens")


def tail_logprobs(answer: Any, ids: Sequence[int], tail: int, where: str) -> list[float] | None:
    """Log-probabilities of a prompt's last tokens; None where the server gives none at all."""
    given = _choice(answer, where).get("prompt_logprobs")
    if given is None:
        return None
    if not isinstance(given, list) or len(given) != len(ids):
        _garbage(where, f"has no log-probability for each of {len(ids)} tokens", given)
    places = range(len(ids) - tail, len(ids))
    return [_logprob(given[place], ids[place], where) for place in places]


def mean_nll(logprobs: Sequence[float]) -> float:
    """As the in-process engine gives it; a rounding above a certainty is none."""
    return max(0.0, -fsum(logprobs) / len(logprobs))


def _logprob(entry: Any, token: int, where: str) -> float:
    found = entry.get(str(token)) if isinstance(entry, dict) else None
    number: Any = found.get("logprob") if isinstance(found, dict) else None
    plain = isinstance(number, int | float) and not isinstance(number, bool)
    value = float(number) if plain and abs(number) < _LARGEST else nan
    if isnan(value) or value > _ROUNDING:
        _garbage(where, f"has no log-probability for token {token}", entry)
    return value


def _choice(answer: Any, where: str) -> dict[str, Any]:
    choices = answer.get("choices") if isinstance(answer, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(first, dict):
        _garbage(where, "holds no choice", answer)
    return first


def _usage(answer: Any, key: str) -> int | None:
    usage = answer.get("usage") if isinstance(answer, dict) else None
    number = usage.get(key) if isinstance(usage, dict) else None
    return number if type(number) is int and number >= 0 else None
