"""What every page has in common: one connection, and texts as the project lets them be shown.

Hundreds of greetings would cost more than the page itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from harness.flows.project import Project
from harness.store import Store

P = ParamSpec("P")
Page = TypeVar("Page")
View = Callable[Concatenate[Project, Store, P], Page]


def one_look(view: View[P, Page]) -> View[P, Page]:
    """The same view, on one connection, with its texts masked."""

    @wraps(view)
    def looking(project: Project, store: Store, /, *args: P.args, **kwargs: P.kwargs) -> Page:
        with store.database.at_once():
            page = view(project, store, *args, **kwargs)
        return project.redaction.record(page)

    return looking
