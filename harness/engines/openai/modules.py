"""Find adapters on a server by their digest, load those that it lacks, and take these out again.

Tested in tests/engines/openai/test_engine.py and test_trouble.py.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from harness.engines.openai.http import HttpClient, RequestRefused, open_client
from harness.engines.openai.replies import model_names
from harness.engines.openai.trouble import Trouble
from harness.engines.protocol import Mounted
from harness.errors import AdapterRefused, EngineFailed, HarnessError, SettingsError
from harness.records import Endpoint

_log = logging.getLogger(__name__)

_MODELS = "/models"
_NO_ROUTE = (404, 405, 501)
"""Statuses of servers without a route."""
_STILL_LOADING = 10.0
"""Seconds in which a server may end loading an adapter that it was asked for and gave no answer."""
_UNLOADING = 30.0
"""Seconds for unloading all adapters."""


def module_name(adapter: str, digest: str) -> str:
    """Return the name under which a server has an adapter's bytes."""
    return f"{adapter}-{digest[:12]}"


class Modules:
    """The adapters of a server; a name carries the digest, so that no old files are judged."""

    def __init__(self, endpoint: Endpoint, trouble: Trouble) -> None:
        self.endpoint, self._trouble = endpoint, trouble
        self._names: dict[str, str] = {}
        """The server's name of each adapter, by digest."""
        self._loaded: dict[str, bool] = {}
        """Names of adapters that are unloaded at the end, and whether the server answered.

        Ctrl-C or a timeout may come between the question and its answer."""
        self._expected: dict[str, None] = {}
        """Names that will be asked for, in the order of their use."""

    def expect(self, adapters: Iterable[tuple[str, str]]) -> None:
        """Note adapters that will be needed, by name and digest, to name all that are missing."""
        self._expected |= {module_name(*adapter): None for adapter in adapters}

    def take(self, digest: str, name: str) -> None:
        """Use the server's name for an adapter whatever it is; nothing is loaded for it."""
        self._names[digest] = name

    def mount(self, adapter: Mounted, client: HttpClient) -> str:
        """Return the server's name of an adapter; load it if the server does not have it."""
        if adapter.digest not in self._names:
            plain = module_name(adapter.name, adapter.digest)
            there = [name for name, _ in self.listed(client)]
            found = plain if plain in there else self._load(adapter, plain, there, client)
            self._names[adapter.digest] = found
        return self._names[adapter.digest]

    def _load(self, adapter: Mounted, plain: str, there: list[str], client: HttpClient) -> str:
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
                missing = [m for m in {plain: None} | self._expected if m not in there]
                raise SettingsError(
                    f"{self.endpoint.url}: has no model {' and no model '.join(missing)} and loads"
                    f" none (it says {problem.status}); start vLLM with --enable-lora and"
                    " VLLM_ALLOW_RUNTIME_LORA_UPDATING=True, or with --lora-modules"
                    f" {' '.join(f'{one}=FOLDER' for one in missing)}"
                ) from problem
            raise AdapterRefused(
                f"{adapter.name}: the server does not load it, {problem}"
            ) from problem
        self._loaded[name] = True
        return name

    def listed(self, client: HttpClient) -> list[tuple[str, bool]]:
        """Return the models that the server lists; some servers work without listing any."""
        try:
            return model_names(client.get(_MODELS), self.endpoint.url + _MODELS)
        except RequestRefused as problem:
            if problem.status not in _NO_ROUTE:
                raise
            return []

    @contextmanager
    def still_there(self, adapter: Mounted) -> Iterator[None]:
        """Tell a server that lost an adapter (it was restarted) from a wrong request."""
        try:
            yield
        except RequestRefused as problem:
            module = self._names.pop(adapter.digest, None)
            if problem.status != 404 or module is None:
                raise
            raise EngineFailed(
                f"{adapter.name}: the server has no {module} any more; run the same command again"
            ) from problem

    def unload(self) -> None:
        """Unload the adapters that were loaded; a server that is gone has forgotten them."""
        loaded, self._loaded = self._loaded, {}
        if not loaded:
            return
        self._names.clear()
        brief = replace(
            self.endpoint,
            retries=0,
            timeout=min(10.0, self.endpoint.timeout),
            deadline=min(_UNLOADING, self.endpoint.deadline),
        )
        with open_client(brief, self._trouble) as client:
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
