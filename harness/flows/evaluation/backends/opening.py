"""Open the backend that an engine's name stands for.

Tested in tests/flows/evaluation/test_backends.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.errors import SettingsError
from harness.flows.evaluation.backend import Backend
from harness.flows.evaluation.backends.local import LocalBackend, ThirdPartyBackend
from harness.flows.evaluation.backends.ray import RayBackend
from harness.flows.evaluation.backends.recorded import RecordedBackend
from harness.flows.evaluation.backends.server import OpenAIBackend
from harness.flows.evaluation.named import WithNames
from harness.flows.project import Project
from harness.registered import ENGINES as THIRD_PARTY
from harness.registered import names, registered
from harness.workspace.adapters.served import served_names
from harness.workspace.project.endpoint import EXAMPLE, at_url

ENGINES = ("transformers", "recorded", "openai", "ray")


def open_backend(project: Project, engine: str | None, copies: Callable[[], Path]) -> Backend:
    """Open the backend of an engine's name, by default the settings' one.

    Names are `transformers`, `ray`, `recorded` (its folder), `recorded:FOLDER`, `openai`,
    `openai:URL` and those that installed packages offer. `copies` makes the folder for private
    copies of adapters, where the backend needs one. Models that are only names are asked by their
    own servers, whatever the engine.
    """
    found = _open_engine(project, engine, copies)
    return WithNames(found, project) if served_names(project.settings.adapters) else found


def _open_engine(project: Project, engine: str | None, copies: Callable[[], Path]) -> Backend:
    asked = engine or project.settings.engine
    kind, _, place = asked.partition(":")
    if kind == "transformers" and not place:
        return LocalBackend(project, copies())
    if kind == "ray" and not place:
        return RayBackend(project, project.settings.ray, copies())
    if kind == "recorded":
        return RecordedBackend(project, project.settings.root / (place or "recorded"))
    if kind == "openai":
        endpoint = project.settings.openai
        if place:
            endpoint = at_url(endpoint, place, "the address after `openai:`")
        if not endpoint.url:
            raise SettingsError(
                f"openai: no server is named, say openai:{EXAMPLE} or"
                f' [tool.harness.openai] url = "{EXAMPLE}"'
            )
        return OpenAIBackend(project, endpoint, copies())
    offered = registered(THIRD_PARTY, kind, SettingsError) if kind not in ENGINES else None
    if offered is not None:
        return ThirdPartyBackend(project, offered, place, copies())
    shown = asked.partition("://")[0]  # an address may hold a password
    raise SettingsError(
        f"{shown}: no such engine, known are {', '.join((*ENGINES, *names(THIRD_PARTY)))}"
    )
