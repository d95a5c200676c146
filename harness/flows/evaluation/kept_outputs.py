"""Keep outputs between runs with another commit's bar, whose stores are new ones each time.

They lie in the per-user cache, under keys that are their content: what is unchanged is not written
again. Where the cache cannot be read or written, the work is only slower.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import HarnessError
from harness.flows.project import Project
from harness.store import Store
from harness.workspace.formats.cache import cache_folder

MAX_BYTES = 512 * 1024 * 1024
"""Size above which the kept outputs begin anew."""
_log = logging.getLogger(__name__)


def kept_file() -> Path:
    """Return the file of the kept outputs, in a folder that a CI can cache by itself."""
    return cache_folder() / "outputs" / "outputs.db"


def seed_outputs(judged: Project) -> None:
    """Bring the kept outputs into the new store of a commit's bar."""
    if kept_file().is_file():
        _copy(judged, out=False)


def keep_outputs(judged: Project) -> None:
    """Keep the outputs in the store of a commit's bar for later runs."""
    _copy(judged, out=True)


def _copy(judged: Project, *, out: bool) -> None:
    """Copy between the store and the kept outputs; a failure is logged, and is no error."""
    if judged.bar is None or not judged.bar.store_of_commit:
        return
    settings, file = judged.settings, kept_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if out and file.is_file() and file.stat().st_size > MAX_BYTES:
            file.unlink()
        with (
            _open(settings.store, settings.root, settings.project) as store,
            _open(f"sqlite:///{file.resolve()}", file.parent) as kept,
        ):
            source, target = (store, kept) if out else (kept, store)
            target.outputs.add_from(source.outputs)
    except (HarnessError, OSError) as problem:
        _log.warning("outputs are not kept for the next run: %s", problem)


@contextmanager
def _open(url: str, root: Path, project: str = "") -> Iterator[Store]:
    store = Store(url, root, project)
    try:
        yield store
    finally:
        store.close()
