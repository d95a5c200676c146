"""Turn conversations into tokens: prompts, and ideals up to and with the template's end of turn.

An ideal is weighed as a trainer would have taught it (TRL's prompt and completion): the template
renders the conversation with the ideal as the assistant's turn, prompt and ideal are tokenized
together, and the longest common beginning with the prompt's own tokens is the prompt.

Tested in tests/engines/local/test_chat_format.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from typing import Any

from harness.engines.local.chat_templates import rendered
from harness.engines.local.models import Tokenizer
from harness.errors import BenchmarkError, HarnessError
from harness.records import ADAPTER_TEMPLATE, BASE_TEMPLATE, Message

Ids = tuple[int, ...]

MARK = "qzanswerqz"
"""Stands for an assistant's answer (or a system text) where only its place is looked for."""
_ANSWER = Message("assistant", MARK)
_PROBE = (Message("user", "Hi"),)
_OURS = frozenset(
    [
        "messages",
        "conversations",
        "tools",
        "documents",
        "chat_template",
        "add_generation_prompt",
        "continue_final_message",
        "return_assistant_tokens_mask",
    ]
)
"""Variables of every template that no benchmark may set."""
_CACHED = 2048
"""Texts that are kept: each prompt is needed for its length, its output and each of its ideals."""


@dataclass(frozen=True, slots=True)
class EndOfTurn:
    """What ends an assistant's turn."""

    text: str
    """As the template writes it, else the tokenizer's end token; empty where there is neither."""
    token: int | None
    """Its id where it is a single special token."""

    @property
    def stop(self) -> str:
        """The text to look for in an output, for an end that is no special token."""
        return self.text if self.token is None else ""


class ChatFormat:
    """A tokenizer and a chat template with its variables; plain lines without a template."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        template: str | None,
        variables: Mapping[str, Any],
        source: str = BASE_TEMPLATE,
    ) -> None:
        """Take the template's own `variables`; `source` is `base`, `adapter` or a file's name."""
        self.tokenizer, self.template, self.source = tokenizer, template or None, source
        tokens = dict(tokenizer.special_tokens_map)
        for name in sorted(_OURS.union(tokens) & set(variables)):
            raise BenchmarkError(
                f"[chat] kwargs: `{name}` is what every template is given, name a variable of its"
                " own"
            )
        self._variables = {**variables, **tokens}
        shipped = source in (BASE_TEMPLATE, ADAPTER_TEMPLATE)
        self._whose = f"the {source}'s chat template" if shipped else f"the chat template {source}"
        self._rendered = lru_cache(maxsize=_CACHED)(self._render)
        self._framed = lru_cache(maxsize=_CACHED)(self._frame)
        self._encode = lru_cache(maxsize=_CACHED)(self._tokenized)

    # --- prompts -------------------------------------------------------------------------------

    @cached_property
    def folds_system(self) -> bool:
        """Whether the template has no system role: it refuses such a turn, or drops its text."""
        if self.template is None or self._is_written(Message("system", MARK), *_PROBE):
            return False
        return self._is_written(*_folded((Message("system", MARK), *_PROBE)))

    def _is_written(self, *messages: Message) -> bool:
        try:
            return MARK in self._rendered(messages, True)
        except HarnessError:
            return False

    def turns(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        """Return turns that the template takes: it may need the system text in the user's turn."""
        if messages and messages[0].role == "system" and self.folds_system:
            return _folded(messages)
        return tuple(messages)

    def text(self, messages: Sequence[Message], ask: bool = True) -> str:
        """Render turns; `ask`: whether the assistant's turn is opened after them."""
        return self._rendered(self.turns(messages), ask)

    def ids(self, messages: Sequence[Message], ask: bool = True) -> Ids:
        """Return a prompt's token ids."""
        return self._encode(self.text(messages, ask))

    def opening(self, messages: Sequence[Message], ids: Ids) -> Ids:
        """Return the tokens of all turns but the last, if the prompt's tokens begin with them."""
        turns = self.turns(messages)
        if len(turns) < 2 or self.template is None:
            return ()
        try:
            found = self.ids(turns[:-1], ask=False)
        except HarnessError:  # some templates refuse turns without the user's
            return ()
        return found if len(found) < len(ids) and ids[: len(found)] == found else ()

    def _render(self, turns: tuple[Message, ...], ask: bool) -> str:
        if self.template is None:
            return "\n".join(turn.content for turn in turns) + "\n"
        given = [asdict(turn) for turn in turns]
        return rendered(self.template, given, self._variables, ask, self._whose)

    def _tokenized(self, text: str) -> Ids:
        """Tokenize a text that goes on; a template writes its own special tokens."""
        bare = self.tokenizer.encode(text, add_special_tokens=False)
        if self.template is not None:
            return tuple(bare)
        whole = self.tokenizer.encode(text)
        # Some tokenizers also put an end behind every text: only what they put before it is kept.
        spare = range(len(whole) - len(bare) + 1)
        before = next((n for n in spare if whole[n : n + len(bare)] == bare), max(spare, default=0))
        return tuple(whole[: before + len(bare)])

    # --- ideals --------------------------------------------------------------------------------

    def pair(self, messages: Sequence[Message], ideal: str) -> tuple[Ids, Ids]:
        """Return the tokens of a prompt and of an ideal after it, its end of turn included.

        The prompt's are its own, but for a last token that merges with the ideal's first.
        """
        own = self.ids(messages)
        before, answer, ended = self._answered(self.turns(messages), ideal)
        joint = self._encode(before + answer) if ended else self._ended(before + answer)
        shared = _shared(own, joint)
        if shared:
            return own[:shared], joint[shared:]
        ending = "" if ended else self._eos[0]  # nothing in common: joined token by token
        return own, tuple(self.tokenizer.encode(answer + ending, add_special_tokens=False))

    def _answered(self, turns: tuple[Message, ...], ideal: str) -> tuple[str, str, bool]:
        """Return the conversation before the answer, the answer with its end if it has one."""
        asked = self._rendered(turns, True)
        frame = self._framed(turns)
        if frame is None:
            return asked, ideal, False
        before, after = frame
        end = self._end_in(after, asked)
        try:
            whole = self._rendered((*turns, Message("assistant", ideal)), False)
        except HarnessError:
            whole = ""
        content = whole[len(before) : len(whole) - len(after)]
        # A template may strip an ideal; one that alters it or the prompt more is not followed.
        followed = whole == before + content + after and ideal.strip() in content
        if not followed or not self._begins_alike(turns, asked, before):
            before, content = asked, ideal
        return before, content + (after[: end[1]] if end else ""), end is not None

    def _begins_alike(self, turns: tuple[Message, ...], asked: str, before: str) -> bool:
        """Return whether two renderings of a prompt agree up to the end of its last turn."""
        try:
            closed = self._rendered(turns, False)
        except HarnessError:
            return True
        return _shared(asked, before) >= _shared(asked, closed)

    def _frame(self, turns: tuple[Message, ...]) -> tuple[str, str] | None:
        """Return what the template writes before and behind an answer to these turns."""
        if self.template is None:
            return None
        try:
            whole = self._render((*turns, _ANSWER), False)
        except HarnessError:  # it takes no turn of an assistant
            return None
        before, found, after = whole.rpartition(MARK)
        return (before, after) if found else None

    def _ended(self, text: str) -> Ids:
        """Tokenize a text that the tokenizer's own end token follows, where it has one."""
        end, token = self._eos
        if token is None:
            return self._encode(text)
        # As a text, since some end tokens take the blanks before them; TRL repeats no end either.
        found = self._encode(text if text.endswith(end) else text + end)
        return found if found[-1:] == (token,) else (*self._encode(text), token)

    # --- the end of a turn ---------------------------------------------------------------------

    @property
    def _eos(self) -> tuple[str, int | None]:
        text = self.tokenizer.special_tokens_map.get("eos_token", "")
        return str(text), self.tokenizer.eos_token_id

    @cached_property
    def _special(self) -> dict[str, int]:
        """The special tokens' ids by their texts."""
        added = self.tokenizer.added_tokens_decoder.items()
        named = set(map(str, self.tokenizer.special_tokens_map.values()))
        return {t.content: n for n, t in added if t.content and (t.special or t.content in named)}

    @cached_property
    def end(self) -> EndOfTurn:
        """The end of turn: the first special token behind an answer, or the first line of text.

        Line breaks alone end no turn; then the tokenizer's end token does.
        """
        frame = self._framed(_PROBE) or self._framed((Message("system", "Hi"), *_PROBE))
        found = self._end_in(frame[1], self._rendered(_PROBE, True)) if frame else None
        if found is None:
            return EndOfTurn(*self._eos)
        return EndOfTurn(found[0], self._special.get(found[0]))

    def _end_in(self, after: str, asked: str) -> tuple[str, int] | None:
        """Return the end in the text behind an answer, and the place where it is over."""
        places = [(after.find(text), -len(text), text) for text in self._special if text in after]
        if places:
            place, _, text = min(places)
            return text, place + len(text)
        text = after.strip().partition("\n")[0].rstrip()
        # Some templates always open the assistant's turn, which ends none.
        if not text or asked.rstrip().endswith(text):
            return None
        return text, after.find(text) + len(text)

    @property
    def described(self) -> dict[str, str]:
        """The facts that a run's record keeps of it."""
        found = {"template": self.source if self.template else "none", "ends": self.end.text}
        return found | ({"system": "in the first user turn"} if self.folds_system else {})

    def answer(self, ids: Sequence[int]) -> str:
        """Return the text of an output's tokens, without a text that ends the turn."""
        text = str(self.tokenizer.decode(list(ids), skip_special_tokens=True))
        return (text.partition(self.end.stop)[0] if self.end.stop else text).strip()

    def is_over(self, ids: Sequence[int]) -> bool:
        """Return whether an output has reached an end of turn that is no special token."""
        stop = self.end.stop
        if not stop:
            return False
        last = list(ids[-len(stop.encode()) - 1 :])  # no token is shorter than a byte
        return stop in str(self.tokenizer.decode(last, skip_special_tokens=True))


def _folded(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Put the system text in front of the first user turn, as templates without the role do."""
    system, *rest = messages
    for place, turn in enumerate(rest):
        if turn.role == "user":
            rest[place] = Message("user", f"{system.content}\n\n{turn.content}")
            return tuple(rest)
    return tuple(messages)


def _shared(one: Sequence[object], other: Sequence[object]) -> int:
    """Return the length of the longest common beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))
