"""What every page stands in: the project, its store, the chosen task, and one line for trouble."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import pieces, words
from harness.cli.dashboard import STORE
from harness.errors import HarnessError
from harness.flows.project import Project, said
from harness.flows.store import open_store
from harness.text.html import Child, element, joined

if TYPE_CHECKING:
    from harness.store import Store

log = logging.getLogger("lora-harness.dashboard")


@dataclass(frozen=True)
class PageContext:
    """What a page has to work with."""

    project: Project
    store: Store
    task: str

    @property
    def benchmark(self) -> str:
        """The task's own."""
        return self.project.task_benchmark(self.task).name

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """The task's own, then the guards that every task shares."""
        known = self.project.benchmarks.values()
        return tuple(one.name for one in known if one.guard or one.task == self.task)


def show(name: str, body: Callable[[PageContext], None]) -> None:
    """Run a page's body; whatever goes wrong ends in one line that says what to do."""
    try:
        body(_room())
    except HarnessError as problem:
        _opened.clear()  # a store that comes back is opened again
        headline(name)
        trouble(said(problem))
    except Exception as problem:  # whatever a page does, its reader gets one line
        log.exception("the page %s failed", name)
        headline(name)
        trouble(
            f"this page failed ({type(problem).__name__}); what happened is in the terminal of"
            " `lora-harness dashboard`"
        )


def _room() -> PageContext:
    project = Project.here()
    url = os.environ.get(STORE) or project.settings.store
    return PageContext(project, _opened(str(project.settings.root), url), _task(project.tasks))


@st.cache_resource(show_spinner=False)
def _opened(root: str, url: str) -> Store:
    """One store for all sessions of this server."""
    return open_store(Project.here(Path(root)), url)


def _task(tasks: list[str]) -> str:
    """The task in the sidebar; kept in the address, so that a link leads to the same."""
    if len(tasks) > 1:
        with st.sidebar:
            picked = st.selectbox(
                "Task", tasks, key="task", bind="query-params", format_func=words.option
            )
        return str(picked)
    return tasks[0] if tasks else ""


def html(*children: Child) -> None:
    """Write elements on the page; a text among them is escaped."""
    st.html(str(joined(*children)))


def headline(title: str, lead: str = "") -> None:
    """What the page says, in one line, and the sentence under it."""
    st.title(words.label(title, 120), anchor=False)
    if lead:
        html(element("div", lead, class_="lh-lead"))


def section(title: str, note: str = "") -> None:
    """A part of a page."""
    st.subheader(words.label(title, 120), anchor=False)
    if note:
        html(pieces.note(note))


def trouble(line: str) -> None:
    """What went wrong and what to do, as text."""
    html(element("div", line, class_="lh-banner lh-override", role="alert"))


def remark(line: str) -> None:
    """What a reader must know before believing a number."""
    html(element("div", line, class_="lh-banner"))


def empty(line: str, command: str) -> None:
    """A page with nothing on it yet says which command fills it."""
    with st.container(border=True):
        html(element("div", line))
        if command:
            st.code(words.code(command), language=None, wrap_lines=True)


def command(line: str) -> None:
    """An exact command to copy; nothing is promoted from a browser."""
    st.code(words.code(line), language=None, wrap_lines=True)


def text(name: str, written: str, key: str) -> None:
    """A text of a model or a stranger under its name; a long one is cut, and whole on a click."""
    html(pieces.label(name), words.block(written))
    if words.cut(written) and st.toggle(f"All {len(written):,} characters", key=f"whole-{key}"):
        st.code(words.code(written), language=None, wrap_lines=True, height=400)
