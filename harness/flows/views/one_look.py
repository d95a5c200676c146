"""A page reads everything through one connection: hundreds of greetings would cost more than it."""

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
    """The same view, on one connection."""

    @wraps(view)
    def looking(project: Project, store: Store, /, *args: P.args, **kwargs: P.kwargs) -> Page:
        with store.database.at_once():
            return view(project, store, *args, **kwargs)

    return looking
