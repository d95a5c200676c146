"""Fetch an adapter from the Hub, or from a server that speaks as the Hub does, through its cache.

huggingface_hub resolves, downloads and caches; HF_ENDPOINT, HF_HUB_OFFLINE, HF_HUB_CACHE, HF_TOKEN
and a cached login mean what they mean there. Here its answers are checked before they become paths.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.errors import AdapterRefused, HarnessError, RequestError, WorldFailed
from harness.workspace.adapters.fetching import TAKEN, Listing, OnBytes, copied
from harness.workspace.adapters.files import CONFIG
from harness.workspace.adapters.hub_client import COMMIT, ByteCount, careful_client
from harness.workspace.adapters.reference import HubReference, without_secrets
from harness.workspace.formats.cache import remember, remembered
from harness.workspace.formats.reading import opened

_LISTINGS = "hub.json"
"""What the files of a commit were, so that a later fetch needs no network."""
_SECONDS = 10.0
_BLOCK = 1024 * 1024
_FORBIDDEN = (401, 403)
_log = logging.getLogger(__name__)

Entry = tuple[int | None, str]
"""Size of a file, and its digest: `sha256:…` where the Hub keeps it as a large file, or `git:…`."""


class HubSource:
    """A folder of a repository at a revision."""

    def __init__(self, reference: HubReference) -> None:
        self._ref = reference
        self._asked = False
        self._commit = ""
        self._entries: dict[str, Entry] = {}

    # --- list --------------------------------------------------------------------------------

    def listing(self) -> Listing:
        """Resolve the revision to a commit and return the files of that commit."""
        from huggingface_hub import constants

        notes = []
        known = self._known(self._ref.revision)
        if known is not None and self._all_cached(self._ref.revision, known):
            self._commit, self._entries = self._ref.revision, known
        elif constants.HF_HUB_OFFLINE:
            notes.append(self._from_cache("HF_HUB_OFFLINE is set", RequestError))
        else:
            try:
                self._ask()
            except _NoAnswer as problem:
                notes.append(self._from_cache(str(problem), WorldFailed))
        if not self._ref.named:
            notes.insert(0, f"no revision was named, main is {self._commit[:12]} now")
        files = {name: size for name, (size, _) in self._entries.items()}
        where = without_secrets(constants.ENDPOINT)
        return Listing(self._ref.at(self._commit), self._commit, where, files, tuple(notes))

    def _ask(self) -> None:
        """Ask the Hub for commit and files, and remember both."""
        from huggingface_hub import model_info

        with careful_client(), self._failures_named():
            found = model_info(
                self._ref.repo, revision=self._ref.revision, files_metadata=True, timeout=_SECONDS
            )
            if not isinstance(found.sha, str) or not COMMIT.fullmatch(found.sha):
                raise WorldFailed(f"{self._shown}: the Hub named no commit for this revision")
            self._asked, self._commit = True, found.sha
            self._entries = dict(self._below(found.siblings or ()))
        kept = {name: list(entry) for name, entry in self._entries.items() if name in TAKEN}
        remember(_LISTINGS, self._key(self._commit), kept)

    def _below(self, siblings: Any) -> Iterator[tuple[str, Entry]]:
        """Yield the files below the folder that was named, with size and digest."""
        head = f"{self._ref.folder}/" if self._ref.folder else ""
        for one in siblings:
            name = str(one.rfilename)
            if not name.startswith(head):
                continue
            lfs = getattr(one, "lfs", None)
            large = getattr(lfs, "sha256", None)
            digest = f"sha256:{large}" if large else f"git:{getattr(one, 'blob_id', None) or ''}"
            size = one.size if isinstance(one.size, int) and one.size >= 0 else None
            yield name.removeprefix(head), (size, digest)

    # --- without the network -------------------------------------------------------------------

    def _key(self, commit: str) -> str:
        return f"{self._ref.repo}@{commit}/{self._ref.folder}"

    def _known(self, commit: str) -> dict[str, Entry] | None:
        """Return the remembered files of a commit."""
        table = remembered(_LISTINGS).get(self._key(commit))
        if not COMMIT.fullmatch(commit) or not isinstance(table, dict):
            return None
        try:  # anybody may have edited the cache
            return {
                name: (None if size is None else int(size), str(digest))
                for name, (size, digest) in table.items()
                if name in TAKEN
            }
        except (TypeError, ValueError):
            return None

    def _all_cached(self, commit: str, files: Mapping[str, Entry]) -> bool:
        return CONFIG in files and all(self._cached(name, commit) for name in files)

    def _cached(self, name: str, revision: str) -> Path | None:
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(self._ref.repo, self._path(name), revision=revision)
        return Path(found) if isinstance(found, str) else None

    def _from_cache(self, why: str, error: type[HarnessError]) -> str:
        """Take commit and files from the cache alone; return a sentence that says so."""
        place = self._cached(CONFIG, self._ref.revision)
        if place is None:
            raise error(f"{self._shown}: is not in the cache, and {why}")
        below = [CONFIG, *self._ref.folder.split("/")] if self._ref.folder else [CONFIG]
        self._commit = place.parents[len(below) - 1].name
        known = self._known(self._commit)
        if known is not None:
            self._entries = known
            return f"{why}: taken from the cache, as {self._ref.revision} was at the last look"
        found = {name: self._cached(name, self._commit) for name in TAKEN}
        self._entries = {
            name: (path.stat().st_size, "") for name, path in found.items() if path is not None
        }
        return f"{why}: taken from the cache; whether the repository has more files is not known"

    # --- bring -------------------------------------------------------------------------------

    def bring(self, name: str, to: Path, limit: int, on_bytes: OnBytes) -> None:
        """Copy a file's bytes out of the cache, downloaded first where they are not there."""
        cached = self._cached(name, self._commit)
        if cached is None:
            self._download(name, self._commit, limit, on_bytes)
            cached = self._cached(name, self._commit)
            on_bytes = _ignored
        if self._asked and name == CONFIG and self._ref.revision != self._commit:
            # So the cache learns which commit a branch is, for a time without network.
            self._download(name, self._ref.revision, limit, _ignored)
        if cached is None:
            raise WorldFailed(f"{self._shown}: the Hub sent {name} of another commit")
        with opened(cached, AdapterRefused, limit) as file:
            copied(iter(lambda: file.read(_BLOCK), b""), to, limit, on_bytes)
        self._check_digest(name, to)

    def _download(self, name: str, revision: str, limit: int, on_bytes: OnBytes) -> None:
        from huggingface_hub import hf_hub_download

        class Counter(ByteCount):
            """Counts one download's bytes and ends it beyond the limit."""

            def update(self, n: int | float | None = 1) -> None:
                """Count bytes that came."""
                self.count += int(n or 0)
                if self.count > limit:
                    raise AdapterRefused(f"{name}: has more than {limit:,} bytes")
                on_bytes(int(n or 0))

        try:
            with careful_client(), self._failures_named():
                hf_hub_download(
                    self._ref.repo,
                    self._path(name),
                    revision=revision,
                    library_name="lora-harness",
                    tqdm_class=Counter,
                )
        except _NoAnswer as problem:
            again = "the same command goes on with what came"
            raise WorldFailed(f"{self._shown}: {problem}, {again}") from problem

    def _path(self, name: str) -> str:
        return f"{self._ref.folder}/{name}" if self._ref.folder else name

    def _check_digest(self, name: str, copy: Path) -> None:
        """Require the bytes that the Hub's listing names; a cache may have been changed."""
        kind, _, wanted = self._entries[name][1].partition(":")
        if not wanted:
            return
        with copy.open("rb") as file:
            whole = hashlib.sha256() if kind == "sha256" else hashlib.sha1(usedforsecurity=False)
            if kind == "git":
                whole.update(f"blob {copy.stat().st_size}\0".encode())
            for chunk in iter(lambda: file.read(_BLOCK), b""):
                whole.update(chunk)
        if whole.hexdigest() != wanted:
            raise AdapterRefused(
                f"{self._shown}: {name} is not what the Hub lists, remove it from the cache"
                " of huggingface_hub and fetch it again"
            )

    # --- failures ----------------------------------------------------------------------------

    @property
    def _shown(self) -> str:
        return self._ref.at(self._ref.revision)

    @contextmanager
    def _failures_named(self) -> Iterator[None]:
        """Turn every failure of the client into a line without a token."""
        try:
            yield
        except HarnessError:
            raise
        except Exception as problem:  # the client raises many kinds
            # Neither logged nor chained: a server's answer may quote the token that it was sent.
            _log.debug("the Hub's client raised %s", type(problem).__name__)
            raise self._refusal(problem) from None

    def _refusal(self, problem: Exception) -> HarnessError:
        from huggingface_hub import errors

        status = getattr(getattr(problem, "response", None), "status_code", None)
        # The client wraps what happened on its way into "it is not in the cache".
        inner = problem.__cause__ if isinstance(problem, errors.LocalEntryNotFoundError) else None
        kind = f"{type(inner or problem).__name__}{f', status {status}' if status else ''}"
        where = self._shown
        if status is None and _is_network(problem):
            return _NoAnswer(f"the Hub did not answer ({kind})")
        if isinstance(problem, errors.HFValidationError):
            return RequestError(f"{where}: is no Hub id, one is org/repo")
        if isinstance(problem, errors.GatedRepoError):
            return RequestError(f"{where}: is gated, ask for access on its page, then set HF_TOKEN")
        if isinstance(problem, errors.RevisionNotFoundError):
            return RequestError(
                f"{where}: the repository has no such revision; a commit has all of its 40 letters"
            )
        if isinstance(problem, errors.RepositoryNotFoundError) or status in _FORBIDDEN:
            return RequestError(
                f"{where}: the Hub shows no such repository (status {status}); if it is private,"
                " set HF_TOKEN to a token that may read it"
            )
        if isinstance(problem, errors.EntryNotFoundError):
            return WorldFailed(f"{where}: a file that the Hub lists is not there, try again")
        return WorldFailed(f"{where}: the Hub did not send it ({kind}), try again later")


class _NoAnswer(WorldFailed):
    """Nothing answered: no network, no such host, or a time limit."""


def _is_network(problem: Exception) -> bool:
    """Return whether a failure came from the connection and not from an answer."""
    names = {kind.__name__ for kind in type(problem).__mro__}
    return bool(names & {"TransportError", "OfflineModeIsEnabled", "LocalEntryNotFoundError"})


def _ignored(_: int) -> None:
    """Ignore bytes that were counted while they came."""
