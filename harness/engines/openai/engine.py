"""Engine `openai`: any OpenAI-compatible server; vLLM with LoRA modules is the documented one.

The adapter is the model's name, which carries the digest of the judged bytes: what a server holds
under an old name is never judged. harness/engines/README.md says how to set a server up.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from harness.engines.local.prompts import ideal_ids, load_tokenizer, prompt_ids
from harness.engines.openai.http import Body, HttpClient, RequestRefused, open_wire
from harness.engines.openai.replies import (
    chat_output,
    mean_nll,
    model_names,
    prompt_tokens,
    tail_logprobs,
)
from harness.engines.protocol import Mounted, Weighed
from harness.errors import AdapterRefused, EngineFailed, HarnessError, SettingsError
from harness.records import Endpoint, Generation, Output, Prompt

_WAYS = "chat-1"
"""Raised when this file changes what a server is asked."""
_CHAT = "/chat/completions"
_WEIGH = "/completions"
_UNABLE = (400, 404, 405, 422, 501)
"""How servers without log-probabilities of a prompt answer to being asked for them."""


class OpenAI:
    """Asks a server; adapters are loaded into it when they are first needed."""

    name = "openai"

    def __init__(self, endpoint: Endpoint, base: Callable[[], Path] | None) -> None:
        """`base` is asked for the folder of the base's tokenizer; None where it is not here."""
        self.endpoint = endpoint
        self.base = base
        self.likelihoods = base is not None and endpoint.likelihoods != "never"
        self._model = endpoint.model
        self._tokenizer: Any = None
        self._modules: dict[str, str] = {}
        """By digest, what the server calls an adapter."""
        self._loaded: list[str] = []
        """What was loaded from here, and so is to be unloaded."""

    def origin(self, generation: Generation) -> Mapping[str, object]:
        """Where was asked and how; what the server itself is nobody can know, and that is said."""
        decoding = generation.decoding
        for key in ("batch", "dtype"):  # the server's own affair
            decoding.pop(key, None)
        return {
            "engine": self.name,
            "way": _WAYS,
            "url": self.endpoint.url,
            "model": self.model(),
            "decoding": decoding,
            "unknown": "the server's weights, dtype, device, batching and versions",
        }

    def model(self) -> str:
        """What the server calls the base; asked only where the settings do not say it."""
        if not self._model:
            with open_wire(self.endpoint) as wire:
                names = [name for name, is_base in self._listed(wire) if is_base]
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
        """Chat completions, in groups as they are finished."""
        with open_wire(self.endpoint) as wire:
            model = self._mount(adapter, wire)
            asks = ((prompt, _chat(model, prompt, generation)) for prompt in prompts)
            with self._still_there(adapter):
                yield from wire.each(_CHAT, asks, self._output)

    def _output(self, prompt: Prompt, answer: Any) -> Output:
        return chat_output(answer, prompt, self.endpoint.url + _CHAT)

    # --- likelihoods -------------------------------------------------------------------------

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """From the server's log-probabilities of the prompt; None where it gives none."""
        with open_wire(self.endpoint) as wire, self._still_there(adapter):
            model = self._mount(adapter, wire)
            if not self._can_weigh(wire, model, prompts[0]):
                yield tuple(Weighed(p.case, i, None) for p in prompts for i in range(len(p.ideals)))
                return
            rows = (self._row(p, i) for p in prompts for i in range(len(p.ideals)))
            asks = ((row, _weigh(model, row.ids)) for row in rows)
            yield from wire.each(_WEIGH, asks, self._weighed)

    def shift(self, adapter: Mounted, prompt: Prompt, generation: Generation) -> float | None:
        """How far the adapter moves any log-probability at most; None where the server gives none.

        What the base itself moves between two askings is no proof of an adapter.
        """
        with open_wire(self.endpoint) as wire, self._still_there(adapter):
            model = self._mount(adapter, wire)
            if not self.likelihoods or not self._can_weigh(wire, model, prompt):
                return None
            row = self._row(prompt, 0)
            base, moved, again = (
                self._logprobs(wire.post(_WEIGH, _weigh(name, row.ids)), row, len(row.ids) - 1)
                for name in (self.model(), model, self.model())
            )
        shift, noise = _furthest(base, moved), _furthest(base, again)
        return shift if shift > noise else 0.0

    def _can_weigh(self, wire: HttpClient, model: str, prompt: Prompt) -> bool:
        """Whether the server gives log-probabilities of a prompt, and means the same prompt."""
        row = self._row(prompt, 0)
        short = _chat(model, prompt, Generation(max_new_tokens=1))
        counted = prompt_tokens(wire.post(_CHAT, short))
        try:
            answer = wire.post(_WEIGH, _weigh(model, row.ids))
        except RequestRefused as problem:
            if problem.status not in _UNABLE:
                raise
            given = None
        else:
            given = tail_logprobs(answer, row.ids, row.tail, self.endpoint.url + _WEIGH)
        if given is None and self.endpoint.likelihoods == "always":
            raise SettingsError(
                f"{self.endpoint.url}: gives no log-probabilities of a prompt,"
                ' `likelihoods = "auto"` does without them'
            )
        expected = len(row.ids) - row.tail
        if given is not None and counted not in (None, expected):
            raise SettingsError(
                f"{self.endpoint.url}: makes {counted} tokens of a prompt that the base makes"
                f" {expected} of; start it with the base's own chat template, or say"
                ' `likelihoods = "never"`'
            )
        return given is not None

    def _row(self, prompt: Prompt, ideal: int) -> IdealRow:
        if self._tokenizer is None:
            assert self.base is not None
            self._tokenizer = load_tokenizer(self.base())
        tail = ideal_ids(self._tokenizer, prompt.ideals[ideal]) if prompt.ideals else ()
        return IdealRow(
            prompt, ideal, (*prompt_ids(self._tokenizer, prompt.messages), *tail), len(tail)
        )

    def _weighed(self, row: IdealRow, answer: Any) -> Weighed:
        return Weighed(row.prompt.case, row.ideal, mean_nll(self._logprobs(answer, row, row.tail)))

    def _logprobs(self, answer: Any, row: IdealRow, tail: int) -> list[float]:
        where = self.endpoint.url + _WEIGH
        found = tail_logprobs(answer, row.ids, tail, where)
        if found is None:
            raise EngineFailed(f"{where}: gave log-probabilities before and gives none now")
        return found

    # --- adapters ----------------------------------------------------------------------------

    def _mount(self, adapter: Mounted, wire: HttpClient) -> str:
        """What the server calls the adapter; loaded into it where it is not there."""
        if adapter.folder is None:
            return self.model()
        if adapter.digest not in self._modules:
            plain = f"{adapter.name}-{adapter.digest[:12]}"
            if plain in (name for name, _ in self._listed(wire)):
                self._modules[adapter.digest] = plain
            else:
                self._modules[adapter.digest] = self._load(adapter, plain, wire)
        return self._modules[adapter.digest]

    def _load(self, adapter: Mounted, plain: str, wire: HttpClient) -> str:
        """Under a name of this process's own: nobody else takes it out while it is asked."""
        name = f"{plain}-{secrets.token_hex(3)}"
        seen = self.endpoint.adapters.rstrip("/")
        path = f"{seen}/{adapter.name}" if self.endpoint.adapters else str(adapter.folder)
        try:
            wire.tell("/load_lora_adapter", {"lora_name": name, "lora_path": path})
        except RequestRefused as problem:
            if problem.status in (404, 405, 501):
                raise SettingsError(
                    f"{self.endpoint.url}: has no model {plain} and loads none (it says"
                    f" {problem.status}); start vLLM with --enable-lora and"
                    f" VLLM_ALLOW_RUNTIME_LORA_UPDATING=True, or with --lora-modules {plain}=FOLDER"
                ) from None
            raise AdapterRefused(
                f"{adapter.name}: the server does not load it, {problem}"
            ) from None
        self._loaded.append(name)
        return name

    def _listed(self, wire: HttpClient) -> list[tuple[str, bool]]:
        """The models that the server lists; some servers list nothing and answer all the same."""
        where = "/models"
        try:
            return model_names(wire.get(where), self.endpoint.url + where)
        except RequestRefused as problem:
            if problem.status not in (404, 405, 501):
                raise
            return []

    @contextmanager
    def _still_there(self, adapter: Mounted) -> Iterator[None]:
        """A module that was there and is not any more: the server began anew, not the request."""
        try:
            yield
        except RequestRefused as problem:
            module = self._modules.pop(adapter.digest, None)
            if problem.status != 404 or module is None:
                raise
            raise EngineFailed(
                f"{adapter.name}: the server has no {module} any more; run the same command again"
            ) from None

    def close(self) -> None:
        """Take out of the server what was loaded; one that is gone has forgotten it already."""
        loaded, self._loaded = self._loaded, []
        if not loaded:
            return
        self._modules.clear()
        brief = replace(self.endpoint, retries=0, timeout=min(10.0, self.endpoint.timeout))
        with suppress(HarnessError), open_wire(brief) as wire:
            for name in loaded:
                wire.tell("/unload_lora_adapter", {"lora_name": name})


@dataclass(frozen=True, slots=True)
class IdealRow:
    """Token ids of a prompt with one of its ideals at the end."""

    prompt: Prompt
    ideal: int
    ids: tuple[int, ...]
    tail: int
    """How many of them are the ideal."""


def _chat(model: str, prompt: Prompt, generation: Generation) -> Body:
    body: dict[str, object] = {
        "model": model,
        "messages": [asdict(message) for message in prompt.messages],
        "max_tokens": generation.max_new_tokens,
        "temperature": generation.temperature,
    }
    if generation.temperature:
        body |= {"seed": _seed(prompt, generation), "top_p": 1.0}
    return body


def _weigh(model: str, ids: Sequence[int]) -> Body:
    """One token more than nothing is written, since not every server writes none."""
    asked = {"model": model, "prompt": list(ids), "max_tokens": 1, "temperature": 0.0}
    return asked | {"prompt_logprobs": 0}


def _seed(prompt: Prompt, generation: Generation) -> int:
    """One for each prompt and sample: the same noise for all would tie the cases together."""
    turns = [[message.role, message.content] for message in prompt.messages]
    key = json.dumps([generation.seed, prompt.sample, turns]).encode()
    return int.from_bytes(hashlib.sha256(key).digest()[:4], "big") >> 1


def _furthest(one: Sequence[float], other: Sequence[float]) -> float:
    return max((abs(a - b) for a, b in zip(one, other, strict=True)), default=0.0)
