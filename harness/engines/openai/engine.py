"""Engine `openai`: any OpenAI-compatible server, documented for vLLM with LoRA modules.

An adapter is a model name that carries the digest of the judged bytes, so files that a server holds
under an old name are never judged. harness/engines/README.md says how to set a server up.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from harness.engines.local.prompts import Formats
from harness.engines.openai.http import Body, HttpClient, RequestRefused, open_client
from harness.engines.openai.replies import (
    chat_output,
    mean_nll,
    model_names,
    prompt_tokens,
    tail_logprobs,
)
from harness.engines.openai.requests import IdealRow, chat_body, ideal_row, weigh_body
from harness.engines.protocol import Mounted, Weighed
from harness.errors import AdapterRefused, EngineFailed, HarnessError, SettingsError
from harness.records import Endpoint, Generation, Output, Prompt

_log = logging.getLogger(__name__)

_WAYS = "chat-2"
"""The version of this engine's behaviour: raised with every change in a server's requests."""
_CHAT = "/chat/completions"
_WEIGH = "/completions"
_UNABLE = (400, 404, 405, 422, 501)
"""Statuses of servers that do not support log-probabilities of a prompt."""
_NO_ROUTE = (404, 405, 501)
"""Statuses of servers without a route."""
_STILL_LOADING = 10.0
"""Seconds in which a server may end loading an adapter that it was asked for and gave no answer."""
_UNLOADING = 30.0
"""Seconds for unloading all adapters."""


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
        self._modules: dict[str, str] = {}
        """The server's name of each adapter, by digest."""
        self._loaded: dict[str, bool] = {}
        """Names of adapters that are unloaded at the end, and whether the server answered.

        Ctrl-C or a timeout may come between the question and its answer."""

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

    def model(self) -> str:
        """Return the server's name of the base; ask only if the settings do not say it."""
        if not self._model:
            with open_client(self.endpoint) as client:
                names = [name for name, is_base in self._listed(client) if is_base]
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
        with open_client(self.endpoint) as client:
            model = self._mount(adapter, client)
            asks = ((p, self._chat(model, p, generation, adapter.folder)) for p in prompts)
            with self._still_there(adapter):
                yield from client.each(
                    _CHAT,
                    asks,
                    lambda prompt, answer: chat_output(answer, prompt, self.endpoint.url + _CHAT),
                )

    # --- likelihoods -------------------------------------------------------------------------

    def likelihood(
        self, adapter: Mounted, prompts: Sequence[Prompt], generation: Generation
    ) -> Iterator[tuple[Weighed, ...]]:
        """Yield likelihoods from the server's log-probabilities; None if it gives none."""
        with open_client(self.endpoint) as client, self._still_there(adapter):
            model = self._mount(adapter, client)
            if not self._can_weigh(client, model, prompts[0], adapter.folder):
                yield tuple(Weighed(p.case, i, None) for p in prompts for i in range(len(p.ideals)))
                return
            rows = (self._row(p, i, adapter.folder) for p in prompts for i in range(len(p.ideals)))
            asks = ((row, weigh_body(model, row.ids)) for row in rows)
            yield from client.each(_WEIGH, asks, self._weighed)

    def shift(self, adapter: Mounted, prompt: Prompt, generation: Generation) -> float | None:
        """Return how far the adapter moves any log-probability at most; None if there are none.

        The base is asked twice: a shift within its own noise is no proof of an adapter.
        """
        with open_client(self.endpoint) as client, self._still_there(adapter):
            model = self._mount(adapter, client)
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
        short = self._chat(model, prompt, Generation(max_new_tokens=1), adapter)
        counted = prompt_tokens(client.post(_CHAT, short))
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
        if given is not None and counted not in (None, row.asked):
            raise SettingsError(
                f"{self.endpoint.url}: makes {counted} tokens of a prompt that the base makes"
                f" {row.asked} of; start it with the base's own chat template, or say"
                ' `likelihoods = "never"`'
            )
        return given is not None

    def _row(self, prompt: Prompt, ideal: int, adapter: Path | None = None) -> IdealRow:
        assert self._formats is not None
        return ideal_row(self._formats.of(prompt.chat, adapter), prompt, ideal)

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

    # --- adapters ----------------------------------------------------------------------------

    def _mount(self, adapter: Mounted, client: HttpClient) -> str:
        """Return the server's name of the adapter; load it if the server does not have it."""
        if adapter.folder is None:
            return self.model()
        if adapter.digest not in self._modules:
            plain = f"{adapter.name}-{adapter.digest[:12]}"
            if plain in (name for name, _ in self._listed(client)):
                self._modules[adapter.digest] = plain
            else:
                self._modules[adapter.digest] = self._load(adapter, plain, client)
        return self._modules[adapter.digest]

    def _load(self, adapter: Mounted, plain: str, client: HttpClient) -> str:
        """Load the adapter under a process-unique name, so that no other process unloads it."""
        name = f"{plain}-{secrets.token_hex(3)}"
        seen = self.endpoint.adapters.rstrip("/")
        path = f"{seen}/{adapter.name}" if self.endpoint.adapters else str(adapter.folder)
        self._loaded[name] = False
        try:
            client.command("/load_lora_adapter", {"lora_name": name, "lora_path": path})
        except RequestRefused as problem:
            self._loaded[name] = True
            if problem.status in _NO_ROUTE:
                raise SettingsError(
                    f"{self.endpoint.url}: has no model {plain} and loads none (it says"
                    f" {problem.status}); start vLLM with --enable-lora and"
                    f" VLLM_ALLOW_RUNTIME_LORA_UPDATING=True, or with --lora-modules {plain}=FOLDER"
                ) from problem
            raise AdapterRefused(
                f"{adapter.name}: the server does not load it, {problem}"
            ) from problem
        self._loaded[name] = True
        return name

    def _listed(self, client: HttpClient) -> list[tuple[str, bool]]:
        """Return the models that the server lists; some servers work without listing any."""
        where = "/models"
        try:
            return model_names(client.get(where), self.endpoint.url + where)
        except RequestRefused as problem:
            if problem.status not in _NO_ROUTE:
                raise
            return []

    @contextmanager
    def _still_there(self, adapter: Mounted) -> Iterator[None]:
        """Tell a server that lost an adapter (it was restarted) from a wrong request."""
        try:
            yield
        except RequestRefused as problem:
            module = self._modules.pop(adapter.digest, None)
            if problem.status != 404 or module is None:
                raise
            raise EngineFailed(
                f"{adapter.name}: the server has no {module} any more; run the same command again"
            ) from problem

    def close(self) -> None:
        """Unload the adapters that were loaded; a server that is gone has forgotten them."""
        loaded, self._loaded = self._loaded, {}
        if not loaded:
            return
        self._modules.clear()
        brief = replace(
            self.endpoint,
            retries=0,
            timeout=min(10.0, self.endpoint.timeout),
            deadline=min(_UNLOADING, self.endpoint.deadline),
        )
        with open_client(brief) as client:
            for name, answered in loaded.items():
                try:
                    _unload(client, name, 0.0 if answered else _STILL_LOADING)
                except HarnessError as problem:
                    _log.info("%s stays on the server: %s", name, problem)


def _unload(client: HttpClient, name: str, patience: float) -> None:
    """Unload an adapter; ask again while the server may still be loading it."""
    until = time.monotonic() + patience
    while True:
        try:
            client.command("/unload_lora_adapter", {"lora_name": name})
            return
        except RequestRefused:
            if time.monotonic() >= until:
                raise
            time.sleep(0.2)


def _furthest(one: Sequence[float], other: Sequence[float]) -> float:
    return max((abs(a - b) for a, b in zip(one, other, strict=True)), default=0.0)
