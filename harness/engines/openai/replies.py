"""Read a server's answers, trusting no part of them: texts, log-probabilities, names.

Tested in tests/engines/openai/test_engine.py.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from math import fsum, isnan, nan
from typing import Literal, NoReturn

from harness.errors import EngineFailed
from harness.records import Output, Prompt
from harness.text.encodable import is_encodable
from harness.text.quoting import ANSWER

_log = logging.getLogger(__name__)

_FINISHES: Mapping[object, Literal["stop", "length"]] = {"stop": "stop", "length": "length"}
Counted = Callable[[str], int | None]
"""How many tokens a text has; None where its tokenizer is not here."""
_MAX_QUOTED = 200
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""Half of a surrogate pair as an escape of JSON; two halves together are a letter."""
_MAX_LOGPROB = 1e6
"""A larger number is no log-probability; some servers say -9999 for a missing value."""
_ROUNDING = 1e-3
"""How far rounding may lift a log-probability above 0."""


def read_json(text: str, where: str) -> object:
    """Parse an answer; refuse a page, half a document or an empty text."""
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        _refuse(where, "is not JSON", text)
    # No store takes half of a surrogate pair, and no editor could have seen it.
    if _HALF.search(text) and not is_encodable(json.dumps(found, ensure_ascii=False)):
        _refuse(where, "holds half of a surrogate pair, which is no text,", text)
    return found


def _refuse(where: str, what: str, answer: object) -> NoReturn:
    _log.debug("%s: the answer %s", where, what)
    shown = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=True)
    begins = " ".join(shown[:80].split()) or "nothing"
    raise EngineFailed(f"{where}: the answer {what} {ANSWER.say(begins)}")


def said(text: str) -> str:
    """Return ` (reason)` from an error's body, or an empty text without a reason."""
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        found = text
    for key in ("error", "detail", "message"):
        found = found.get(key, found) if isinstance(found, dict) else found
    words = found if isinstance(found, str) else json.dumps(found)
    line = " ".join(words.split())[:_MAX_QUOTED]
    return f" ({line})" if line else ""


def seconds_after(after: str | None) -> float | None:
    """Read `Retry-After`, which holds seconds or a date."""
    if not after:
        return None
    if after.isascii() and after.isdecimal():
        return float(after[:9])
    try:
        wanted = parsedate_to_datetime(after).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, wanted)


def model_names(answer: object, where: str) -> list[tuple[str, bool]]:
    """Return the names of a server's models, and whether each is a base."""
    rows = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        _refuse(where, "lists no models", answer)
    found = [row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]
    return [(row["id"], row.get("parent") is None) for row in found]


def chat_output(answer: object, prompt: Prompt, where: str, count: Counted) -> Output:
    """Return the output of a chat completion; `count` says how many tokens a text has."""
    choice = _choice(answer, where)
    message = choice.get("message")
    text = message.get("content") if isinstance(message, dict) else None
    if not isinstance(text, str):
        _refuse(where, "holds no text", answer)
    finish = choice.get("finish_reason")
    if not isinstance(finish, str) or finish not in _FINISHES:
        _refuse(where, f"ended by {str(finish)[:40]!r}, not by stop or length", answer)
    tokens = _tokens(answer, choice, text, count)
    return Output(prompt.case, text.strip(), prompt.sample, tokens, _FINISHES[finish])


def _tokens(answer: object, choice: Mapping[str, object], text: str, count: Counted) -> int | None:
    """Return an output's tokens without the token that ended it, as the other engines count."""
    said = _usage(answer, "completion_tokens")
    if choice["finish_reason"] != "stop" or isinstance(choice.get("stop_reason"), str):
        return said  # no token ended it: a limit, or a text that is a part of the output
    if said and "stop_reason" in choice:  # vLLM, which counts the token that ended it
        return said - 1
    # Others may count it or not, so the text is counted here where its tokenizer is known.
    counted = count(text)
    return said if counted is None else counted


def prompt_tokens(answer: object) -> int | None:
    """Return how many tokens the server made of a prompt; None if it does not say."""
    return _usage(answer, "prompt_tokens")


def prompt_ids(answer: object) -> list[int] | None:
    """Return the tokens that the server made of a prompt; None if it does not say."""
    given = answer.get("prompt_token_ids") if isinstance(answer, dict) else None
    if not isinstance(given, list) or not all(type(one) is int for one in given):
        return None
    return given


def tail_logprobs(answer: object, ids: Sequence[int], tail: int, where: str) -> list[float] | None:
    """Return log-probabilities of a prompt's last tokens; None if the server gives none at all."""
    given = _choice(answer, where).get("prompt_logprobs")
    if given is None:
        return None
    if not isinstance(given, list) or len(given) != len(ids):
        _refuse(where, f"has no log-probability for each of {len(ids)} tokens", given)
    places = range(len(ids) - tail, len(ids))
    return [_logprob(given[place], ids[place], where) for place in places]


def mean_nll(logprobs: Sequence[float]) -> float:
    """Return the mean as the in-process engine does; clip a certainty that was rounded above 0."""
    return max(0.0, -fsum(logprobs) / len(logprobs))


def _logprob(entry: object, token: int, where: str) -> float:
    found = entry.get(str(token)) if isinstance(entry, dict) else None
    number: object = found.get("logprob") if isinstance(found, dict) else None
    value = nan
    if isinstance(number, int | float) and not isinstance(number, bool):
        value = float(number) if abs(number) < _MAX_LOGPROB else nan
    if isnan(value) or value > _ROUNDING:
        _refuse(where, f"has no log-probability for token {token}", entry)
    return value


def _choice(answer: object, where: str) -> dict[str, object]:
    choices = answer.get("choices") if isinstance(answer, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(first, dict):
        _refuse(where, "holds no choice", answer)
    return first


def _usage(answer: object, key: str) -> int | None:
    usage = answer.get("usage") if isinstance(answer, dict) else None
    number = usage.get(key) if isinstance(usage, dict) else None
    return number if type(number) is int and number >= 0 else None
