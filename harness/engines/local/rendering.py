"""What a tokenizer and its chat template make of conversations: texts, tokens, and their end.

Runs as a process of its own (`python -m harness.engines.local.rendering`), which its caller may
kill: a template is a foreign program, and a tokenizer's pattern may run for ever. `shipped.py` is
the caller. It reads a request in JSON, says `ready`, and answers with an object in JSON.

Tested in tests/flows/evaluation/test_templates.py.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, reason
from harness.libraries import quiet_environment

Turns = Sequence[Mapping[str, str]]

MEGABYTES = 4096
"""Memory beyond that of the started process; the largest known tokenizers take one gigabyte."""
TAIL = 4096
"""Characters at the end of a prompt that say whether it begins a thought."""
ELSEWHERE = (
    {"role": "system", "content": "You write short texts."},
    {"role": "user", "content": "One?"},
    {"role": "assistant", "content": "One."},
    {"role": "user", "content": "Two?"},
)
"""Turns of every kind, for templates that differ only where this benchmark does not go."""


class BaseUnreadable(Exception):
    """The base's tokenizer does not load, which is no fault of an adapter."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A prompt and one of its ideals, as texts and as tokens."""

    prompt: str
    whole: str
    """The prompt with the ideal as the assistant's turn; empty where the template refuses it."""
    prompt_ids: tuple[int, ...]
    whole_ids: tuple[int, ...]
    """Up to and with the end of the turn: what a template writes behind it is not weighed."""
    back: str
    """The text that the tokens of the whole are read back to."""


class Side:
    """A tokenizer with the template that is used with it."""

    def __init__(self, tokenizer: Any, template: str | None, kwargs: Mapping[str, Any]) -> None:
        self.tokenizer, self.template, self.kwargs = tokenizer, template, kwargs
        self._marks = set(tokenizer.added_tokens_decoder)

    def render(self, turns: Turns, ideal: str) -> Rendered:
        """Render and encode a prompt alone, and with the ideal as the answer to it."""
        answered = [*turns, {"role": "assistant", "content": ideal}]
        if not self.template:  # as plain lines, as prompts.py does
            prompt = "\n".join(turn["content"] for turn in turns) + "\n"
            whole = prompt + ideal
        else:
            prompt, whole = self._text(turns, True), self._text(answered, False)
        encode = self.tokenizer.encode
        ids = encode(prompt, add_special_tokens=not self.template)
        whole_ids = self._ended(encode(whole, add_special_tokens=not self.template), len(ids))
        back = self.tokenizer.decode(list(whole_ids), skip_special_tokens=True)
        return Rendered(prompt, whole, tuple(ids), whole_ids, back)

    def _text(self, turns: Turns, ask: bool) -> str:
        """Render turns; a template that refuses a system turn gets it in the first user turn."""
        for asked in (turns, _folded(turns)):
            try:
                text = self.tokenizer.apply_chat_template(
                    list(asked),
                    chat_template=self.template,
                    tokenize=False,
                    add_generation_prompt=ask,
                    **self.kwargs,
                )
            except MemoryError:
                raise
            except Exception:  # a template is a program, and some refuse some turns
                continue
            return str(text)
        return ""

    def _ended(self, ids: list[int], prompt: int) -> tuple[int, ...]:
        """Cut after the first special token of the answer; without one, the end token ends it."""
        for place in range(prompt, len(ids)):
            if ids[place] in self._marks:
                return tuple(ids[: place + 1])
        end = self.tokenizer.eos_token_id
        return tuple(ids) if end is None else (*ids, end)


def _folded(turns: Turns) -> Turns:
    if len(turns) < 2 or turns[0]["role"] != "system" or turns[1]["role"] != "user":
        return turns
    content = f"{turns[0]['content']}\n\n{turns[1]['content']}"
    return [{"role": "user", "content": content}, *turns[2:]]


def differences(base: Side, other: Side, conversations: Sequence[tuple[Turns, str]]) -> Any:
    """Count what the other side makes differently of prompts and ideals."""
    found = {"written": 0, "ended": 0, "encoded": 0, "read": 0}
    for turns, ideal in conversations:
        mine, theirs = base.render(turns, ideal), other.render(turns, ideal)
        if mine.prompt != theirs.prompt:
            found["written"] += 1
        elif mine.prompt_ids != theirs.prompt_ids:
            found["encoded"] += 1
        elif mine.whole_ids != theirs.whole_ids:
            found["encoded" if mine.whole == theirs.whole else "ended"] += 1
        elif mine.back != theirs.back:
            found["read"] += 1
    known, added = base.tokenizer.get_vocab(), other.tokenizer.get_vocab()
    padding = other.tokenizer.pad_token  # masked wherever it stands, so any token does
    new = [token for token in added if known.get(token) != added[token] and token != padding]
    elsewhere = (ELSEWHERE, "Two.")
    return found | {
        "ends": [base.tokenizer.eos_token or "", other.tokenizer.eos_token or ""],
        "new": len(new),
        "such_as": sorted(new, key=lambda token: added[token])[:1],
        "elsewhere": base.render(*elsewhere) != other.render(*elsewhere),
    }


def _sides(request: Mapping[str, Any]) -> list[Side]:
    """Load the base, and the other side; a side without a template has the base's."""
    from harness.engines.local.prompts import load_tokenizer

    kwargs = request["kwargs"]
    try:
        base = load_tokenizer(Path(request["base"]))
    except HarnessError as problem:
        raise BaseUnreadable(str(problem)) from problem
    template = base.get_chat_template() if base.chat_template else None
    found = [Side(base, template, kwargs)]
    if request["other"]:
        other = load_tokenizer(Path(request["other"]))
        own = other.get_chat_template() if other.chat_template else template
        found.append(Side(other, own, kwargs))
    return found


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a request: the differences, or in one line why there is no answer."""
    try:
        return _answer(request)
    except MemoryError:
        return {"error": f"takes more than {MEGABYTES:,} MB of memory"}
    except BaseUnreadable as problem:
        return {"error": str(problem), "base": True}
    except Exception as problem:  # a tokenizer's files are foreign and fail in any way
        where = f"{request['other']}: "
        return {"error": reason(problem).removeprefix(where).removeprefix("its tokenizer ")}


def _answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the differences of the two sides, and the end of the first prompt of the last."""
    sides = _sides(request)
    conversations = [(one["turns"], one["ideal"]) for one in request["conversations"]]
    last = sides[-1]
    found = differences(sides[0], last, conversations) if request["other"] else {}
    last.template = request["template"] or last.template
    return {"found": found, "tail": last.render(*conversations[0]).prompt[-TAIL:]}


def limit_memory(megabytes: int) -> None:
    """Let this process take no more memory than it has now and this much more."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + megabytes * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        return  # no such limits here: the time limit has to do


def limit_time(seconds: float) -> None:
    """End this process after so much computing time; waiting for a busy machine does not count."""
    try:
        import signal

        signal.setitimer(signal.ITIMER_PROF, seconds)
    except (ImportError, AttributeError, ValueError, OSError):
        return  # no such timer here: the caller's own limit has to do


def main() -> None:
    """Answer one request from stdin."""
    request = json.load(sys.stdin)
    quiet_environment()
    # Heavy, and lazy but for names: before the memory is limited and the time counts.
    from transformers import AutoTokenizer, PreTrainedTokenizerFast  # noqa: F401

    limit_memory(MEGABYTES)
    limit_time(request["seconds"])
    _say("ready")
    _say(json.dumps(answer(request)))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
