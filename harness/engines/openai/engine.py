"""Engine `openai`: any OpenAI-compatible server, documented for vLLM with LoRA modules.

An adapter is a model name that carries the digest of the judged bytes, so files that a server holds
under an old name are never judged. harness/engines/README.md says how to set a server up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from harness.engines.local.prompts import Formats
from harness.engines.openai.http import Body, HttpClient, RequestRefused, open_client
from harness.engines.openai.modules import Modules
from harness.engines.openai.replies import (
    chat_output,
    mean_nll,
    prompt_ids,
    prompt_tokens,
    tail_logprobs,
)
from harness.engines.openai.requests import IdealRow, chat_body, ideal_row, weigh_body
from harness.engines.openai.trouble import Trouble
from harness.engines.protocol import Mounted, Weighed
from harness.errors import EngineFailed, SettingsError
from harness.records import Endpoint, Generation, Output, Prompt

_log = logging.getLogger(__name__)

_WAYS = "chat-3"
"""The version of this engine's behaviour: raised with every change in a server's requests."""
_CHAT = "/chat/completions"
_WEIGH = "/completions"
_UNABLE = (400, 404, 405, 422, 501)
"""Statuses of servers that do not support log-probabilities of a prompt."""


class OtherTemplate(SettingsError):
    """The server makes other tokens of a prompt than the base's template."""


class OpenAI:
    """Asks a server, and loads adapters into it when they are first needed."""

    name = "openai"

    def __init__(self, endpoint: Endpoint, base: Callable[[], Path] | None) -> None:
        """Take a function for the folder of the base's tokenizer; None if it is not here."""
        self.endpoint = endpoint
        self.base = base
        self.likelihoods = base is not None and endpoint.likelihoods != "never"
        self._model = endpoint.model
        self._formats = Formats(base) if base is not None else None
        self._trouble = Trouble(endpoint.url + _WEIGH)
        self.modules = Modules(endpoint, self._trouble)
        self.unweighable: set[str] = set()
        """Digests of adapters whose likelihoods the server gives wrong, so none are asked for."""

    def formats(self) -> Formats | None:
        """Return the chat formats of the base's prompts; None where its files are not here."""
        return self._formats

    def origin(self, generation: Generation) -> Mapping[str, object]:
        """Return the address, model and decoding, and name the facts that stay unknown."""
        decoding = generation.decoding
        for key in ("batch", "dtype"):  # the server decides these
            decoding.pop(key, None)
        return {
            "engine": self.name,
            "way": _WAYS,
            "url": self.endpoint.url,
            "model": self.model(),
            "decoding": decoding,
            "unknown": "the server's weights, dtype, device, batching and versions",
        }

    def models(self) -> list[tuple[str, bool]]:
        """Return the names that the server lists, and whether each is a base."""
        with open_client(self.endpoint, self._trouble) as client:
            return self.modules.listed(client)

    def model(self) -> str:
        """Return the server's name of the base; ask only if the settings do not say it."""
        if not self._model:
            names = [name for name, is_base in self.models() if is_base]
            if not names:
                raise SettingsError(
                    f"{self.endpoint.url}: lists no model, name the base's as `model` in"
                    " [tool.harness.openai]"
                )
            self._model = names[0]
        return self._model

    def generate(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Output, ...]]:
        """Yield chat completions in groups as they finish."""
        with open_client(self.endpoint, self._trouble) as client:
            model = self._served_as(adapter, client)
            asks = ((p, self._chat(model, p, generation, adapter.folder)) for p in prompts)
            with self.modules.still_there(adapter):
                yield from client.each(_CHAT, asks, partial(self._output, adapter.folder))

    def _output(self, adapter: Path | None, prompt: Prompt, answer: object) -> Output:
        count = partial(self._count, adapter, prompt)
        return chat_output(answer, prompt, self.endpoint.url + _CHAT, count)

    def _count(self, adapter: Path | None, prompt: Prompt, text: str) -> int | None:
        """Return how many tokens a text has; None where its tokenizer is not on this machine."""
        if self._formats is None:
            return None
        tokenizer = self._formats.of(prompt.chat, adapter).tokenizer
        return len(tokenizer.encode(text, add_special_tokens=False))

    # --- likelihoods -------------------------------------------------------------------------

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """Yield likelihoods from the server's log-probabilities; None if it gives none."""
        with open_client(self.endpoint, self._trouble) as client, self.modules.still_there(adapter):
            model = self._served_as(adapter, client)
            if adapter.digest in self.unweighable or not self._can_weigh(
                client, model, prompts[0], adapter.folder
            ):
                yield tuple(Weighed(p.case, i, None) for p in prompts for i in range(len(p.ideals)))
                return
            rows = (self._row(p, i, adapter.folder) for p in prompts for i in range(len(p.ideals)))
            asks = ((row, weigh_body(model, row.ids)) for row in rows)
            yield from client.each(_WEIGH, asks, self._weighed)

    def shift(self, adapter: Mounted, prompt: Prompt, generation: Generation) -> float | None:
        """Return how far the adapter moves any log-probability at most; None if there are none.

        The base is asked twice: a shift within its own noise is no proof of an adapter.
        """
        with open_client(self.endpoint, self._trouble) as client, self.modules.still_there(adapter):
            model = self._served_as(adapter, client)
            if not self.likelihoods or not self._can_weigh(client, model, prompt):
                return None
            row = self._row(prompt, 0)
            base, moved, again = (
                self._logprobs(
                    client.post(_WEIGH, weigh_body(name, row.ids)), row, len(row.ids) - 1
                )
                for name in (self.model(), model, self.model())
            )
        shift, noise = _furthest(base, moved), _furthest(base, again)
        return shift if shift > noise else 0.0

    def _can_weigh(
        self, client: HttpClient, model: str, prompt: Prompt, adapter: Path | None = None
    ) -> bool:
        """Return whether the server gives log-probabilities of a prompt, and of the same tokens."""
        row = self._row(prompt, 0, adapter)
        self._refuse_template(client, model, prompt, adapter)
        try:
            answer = client.post(_WEIGH, weigh_body(model, row.ids))
        except RequestRefused as problem:
            if problem.status not in _UNABLE:
                raise
            _log.info("%s: gives no log-probabilities (%s)", self.endpoint.url, problem)
            given = None
        else:
            given = tail_logprobs(answer, row.ids, row.tail, self.endpoint.url + _WEIGH)
        if given is None and self.endpoint.likelihoods == "always":
            raise SettingsError(
                f"{self.endpoint.url}: gives no log-probabilities of a prompt,"
                ' `likelihoods = "auto"` does without them'
            )
        return given is not None

    def _refuse_template(
        self, client: HttpClient, model: str, prompt: Prompt, adapter: Path | None
    ) -> None:
        """Refuse a server that makes other tokens of a prompt than the template here makes."""
        assert self._formats is not None
        own = self._formats.of(prompt.chat, adapter).ids(prompt.messages)
        short = self._chat(model, prompt, Generation(max_new_tokens=1), adapter)
        try:
            answer = client.post(_CHAT, {**short, "return_token_ids": True})
        except RequestRefused as problem:
            if problem.status not in _UNABLE:
                raise
            answer = client.post(_CHAT, short)
        counted, made = prompt_tokens(answer), prompt_ids(answer)
        if counted not in (None, len(own)):
            what = f"makes {counted} tokens of a prompt that the base makes {len(own)} of"
        elif made not in (None, list(own)):
            what = "makes other tokens of a prompt than the base"
        else:
            return
        raise OtherTemplate(
            f"{self.endpoint.url}: {what}; start it with the base's own chat template, or say"
            ' `likelihoods = "never"`'
        )

    def _row(self, prompt: Prompt, ideal: int, adapter: Path | None = None) -> IdealRow:
        assert self._formats is not None
        return ideal_row(self._formats.of(prompt.chat, adapter), prompt, ideal)

    def _served_as(self, adapter: Mounted, client: HttpClient) -> str:
        """Return the server's name of an adapter or the base; load what it lacks."""
        return self.model() if adapter.folder is None else self.modules.mount(adapter, client)

    def _chat(
        self, model: str, prompt: Prompt, generation: Generation, adapter: Path | None
    ) -> Body:
        form = self._formats.of(prompt.chat, adapter) if self._formats else None
        return chat_body(model, prompt, generation, form, adapter)

    def _weighed(self, row: IdealRow, answer: object) -> Weighed:
        return Weighed(row.prompt.case, row.ideal, mean_nll(self._logprobs(answer, row, row.tail)))

    def _logprobs(self, answer: object, row: IdealRow, tail: int) -> list[float]:
        where = self.endpoint.url + _WEIGH
        found = tail_logprobs(answer, row.ids, tail, where)
        if found is None:
            raise EngineFailed(f"{where}: gave log-probabilities before and gives none now")
        return found

    def close(self) -> None:
        """Unload the adapters that were loaded from here."""
        self.modules.unload()


def _furthest(one: Sequence[float], other: Sequence[float]) -> float:
    return max((abs(a - b) for a, b in zip(one, other, strict=True)), default=0.0)
