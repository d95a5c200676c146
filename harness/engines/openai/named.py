"""Ask a model that is only a name: a hosted fine-tune, a merged model, a model of Ollama.

The server's own chat template makes its prompts, so nothing of the project's base is sent along.
Ideals are weighed only where the model's tokens are those of the base: the mean over other tokens
could not be compared.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from harness.engines.local.prompts import Formats
from harness.engines.openai.engine import OpenAI
from harness.engines.openai.http import Body, HttpClient, RequestRefused, open_client
from harness.engines.openai.replies import prompt_tokens, tail_logprobs
from harness.engines.openai.requests import chat_body, ideal_row, weigh_body
from harness.engines.protocol import Mounted, Weighed
from harness.errors import SettingsError
from harness.records import Generation, Prompt

_log = logging.getLogger(__name__)

_WAYS = "name-1"
"""The version of what a name is asked. It is no part of the engine's own: answers of a model that
is gone can't be made again, so they stay good until this changes."""
_CHAT = "/chat/completions"
_WEIGH = "/completions"
_ANY = (0, 0)
"""Tokens that every model has, to ask whether likelihoods are given at all."""
_COUNTED = 5
"""Prompts whose tokens are counted before any ideal is weighed."""


class NamedModel(OpenAI):
    """Asks one model by its name, and loads nothing into its server."""

    _same_tokens: bool | None = None
    """Whether the server's tokens are those of the base; None until it was asked."""

    def formats(self) -> Formats | None:
        """Return None: only the server knows the template and the limits of its model."""
        return None

    def origin(self, generation: Generation) -> Mapping[str, object]:
        """Return the name, the address and the decoding, and say that all else is unknown."""
        unknown = "everything but the name: weights, tokenizer, template, versions"
        return dict(super().origin(generation)) | {"way": _WAYS, "unknown": unknown}

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """Yield likelihoods where the server has them over the base's tokens, else None."""
        if self._same_tokens is None:
            self._same_tokens = self._comparable(prompts[:_COUNTED])
        if self._same_tokens:
            yield from super().likelihood(adapter, prompts, generation)
        else:
            yield tuple(Weighed(p.case, i, None) for p in prompts for i in range(len(p.ideals)))

    def shift(self, adapter: Mounted, prompt: Prompt, generation: Generation) -> float | None:
        """Return None: a name has no base that it could move."""
        return None

    def _comparable(self, prompts: Sequence[Prompt]) -> bool:
        """Return whether likelihoods are given, over tokens that are those of the project's base.

        The server is asked first: most give none, and then no tokenizer is loaded.
        """
        with open_client(self.endpoint, self._trouble) as client:
            try:
                answer = client.post(_WEIGH, weigh_body(self.model(), _ANY))
                given = tail_logprobs(answer, _ANY, 1, self.endpoint.url + _WEIGH)
            except RequestRefused as problem:
                _log.info("%s: gives no log-probabilities (%s)", self.endpoint.url, problem)
                given = None
            if given is None:
                return self._without("gives no log-probabilities of a prompt")
            return self._counts_alike(client, prompts)

    def _without(self, why: str) -> bool:
        """Return False for a model whose likelihoods cannot be used; refuse it if they must be."""
        said = f"{self.endpoint.url}: {self.model()} {why}"
        if self.endpoint.likelihoods == "always":
            raise SettingsError(f'{said}; `likelihoods = "auto"` does without them')
        _log.info(said)
        return False

    def _counts_alike(self, client: HttpClient, prompts: Sequence[Prompt]) -> bool:
        """Return whether the server makes as many tokens of each prompt as the project's base."""
        assert self._formats is not None
        for prompt in prompts:
            expected = ideal_row(self._formats.of(prompt.chat, None), prompt, 0).asked
            body = self._chat(self.model(), prompt, Generation(max_new_tokens=1), None)
            counted = prompt_tokens(client.post(_CHAT, body))
            if counted != expected:
                return self._without(
                    f"makes {counted} tokens of a prompt that the project's base makes"
                    f" {expected} of, so its likelihoods cannot be compared"
                )
        return True

    def _count(self, adapter: Path | None, prompt: Prompt, text: str) -> int | None:
        """Return None: the tokenizer of a name is not known."""
        return None

    def _chat(
        self, model: str, prompt: Prompt, generation: Generation, adapter: Path | None
    ) -> Body:
        return chat_body(model, prompt, generation, None, None)
