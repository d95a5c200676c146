"""Open what a flow needs: the store with the shipped history, and the room of an engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.errors import SettingsError
from harness.flows.evaluation.backends import (
    NO_ADAPTER,
    AdapterRef,
    Backend,
    OpenAIBackend,
    RayBackend,
    RecordedBackend,
    ThirdPartyBackend,
    TransformersBackend,
)
from harness.flows.project import Project
from harness.records import BASE, BASE_PROMPT
from harness.registered import ENGINES as PLUGGED
from harness.registered import names, registered
from harness.store import Store
from harness.workspace.project.settings import EXAMPLE, at_url

__all__ = [
    "NO_ADAPTER",
    "AdapterRef",
    "Backend",
    "OpenAIBackend",
    "RayBackend",
    "RecordedBackend",
    "TransformersBackend",
    "is_base",
    "open_room",
    "open_store",
]

ENGINES = ("transformers", "recorded", "openai", "ray")
HISTORY = "history.jsonl"


def open_store(project: Project, url: str | None = None) -> Store:
    """The store; an empty one begins with the history that lies beside the reports."""
    from harness.flows.history import import_history

    store = Store(url or project.settings.store, project.settings.root)
    shipped = project.settings.reports / HISTORY
    try:
        if shipped.exists() and store.is_empty:
            import_history(store, shipped)
    except BaseException:
        store.close()
        raise
    return store


def open_room(project: Project, engine: str | None, copies: Callable[[], Path]) -> Backend:
    """`transformers`, `ray`, `recorded` (its folder), `recorded:FOLDER`, `openai`, `openai:URL`."""
    asked = engine or project.settings.engine
    kind, _, place = asked.partition(":")
    if kind == "transformers" and not place:
        return TransformersBackend(project, copies())
    if kind == "ray" and not place:
        return RayBackend(project, project.settings.ray, copies())
    if kind == "recorded":
        return RecordedBackend(project, project.settings.root / (place or "recorded"))
    if kind == "openai":
        return _openai_room(project, place, copies())
    offered = registered(PLUGGED, kind, SettingsError) if kind not in ENGINES else None
    if offered is not None:
        return ThirdPartyBackend(project, offered, place, copies())
    shown = asked.partition("://")[0]  # an address may hold a password
    raise SettingsError(
        f"{shown}: no such engine, known are {', '.join((*ENGINES, *names(PLUGGED)))}"
    )


def _openai_room(project: Project, url: str, copies: Path) -> OpenAIBackend:
    endpoint = project.settings.openai
    if url:
        endpoint = at_url(endpoint, url, "the address after `openai:`")
    if not endpoint.url:
        raise SettingsError(
            f"openai: no server is named, say openai:{EXAMPLE} or"
            f' [tool.harness.openai] url = "{EXAMPLE}"'
        )
    return OpenAIBackend(project, endpoint, copies)


def is_base(name: str) -> bool:
    """Whether a name stands for the base model."""
    return name in (BASE, BASE_PROMPT)
