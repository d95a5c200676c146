"""The frame of every page: project, store, chosen task, and failures as a line of text.

Tested in tests/dashboard/test_pages.py.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import choices, pieces, words
from dashboard.downloads import REPLAYED
from dashboard.navigation import link, links
from harness.cli.dashboard import STORE
from harness.errors import HarnessError
from harness.flows.project import Project, said
from harness.flows.store import open_store
from harness.text.given import WithTurns, given
from harness.text.html import Child, element, joined

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from harness.store import Store

log = logging.getLogger(__name__)

ALL_TASKS = "all tasks"
"""Chooses every task; no task has a blank in its name."""
UNFOLDED = 8
"""Turns and contexts that a page shows without a click."""


@dataclass(frozen=True)
class PageContext:
    """The project, store and task that a page is about."""

    project: Project
    store: Store
    task: str
    """The task; empty on a page about all tasks."""

    def link(self, page: str, label: str, icon: str, **about: str) -> None:
        """Show a link to another page of the same task."""
        link(page, label, icon, self.task if len(self.project.tasks) > 1 else "", **about)

    @property
    def benchmark(self) -> str:
        """The name of the task's benchmark."""
        return self.project.task_benchmark(self.task).name

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """The task's benchmark, then the guards that all tasks share."""
        known = self.project.benchmarks.values()
        return tuple(one.name for one in known if one.guard or one.task == self.task)


def show(name: str, body: Callable[[PageContext], None], *, every_task: bool = False) -> None:
    """Run a page's body; show any failure as a single line that says what to do.

    With `every_task` the page is about all tasks at once, until the reader chooses one.
    """
    with st.container(key="bar", horizontal=True, vertical_alignment="center"):
        bar, chosen = st.container(key="pages", horizontal=True, gap=None), st.container(width=260)
    where = st.container(key="where")
    choices.REMARK.set(partial(_remark_in, st.container(key="remarks")))
    task, several = "", False
    try:
        project = Project.here()
        several = len(project.tasks) > 1
        with chosen:
            task = _task(project.tasks, every_task)
        with where:
            _entitled(name, task, project)
        _label(project)
        store = _opened(str(project.settings.root), os.environ.get(STORE) or project.settings.store)
        body(PageContext(project, store, task))
    except Exception as problem:  # a bug in a page must not show a traceback to its visitor
        if isinstance(problem, HarnessError):
            _opened.clear()  # open the store anew next time: it may be back by then
        headline(name)
        trouble(failure(name, problem))
    finally:
        with bar:
            links(task if several else "")


def _label(project: Project) -> None:
    """Say above every page whose days are declared that they are, and keep it for its files."""
    st.session_state[REPLAYED] = project.settings.calendar.label
    if st.session_state[REPLAYED]:
        remark(f"{st.session_state[REPLAYED]}.")


def failure(name: str, problem: Exception) -> str:
    """Return what went wrong on a page, as a line; the traceback of a bug goes to the log."""
    if isinstance(problem, HarnessError):
        return said(problem)
    log.error("the page %s failed", name, exc_info=problem)
    return (
        f"this page failed ({type(problem).__name__}); what happened is in the terminal of"
        " `lora-harness dashboard`"
    )


@st.cache_resource(show_spinner=False)
def _opened(root: str, url: str) -> Store:
    """Open the store once for all sessions of this server."""
    return open_store(Project.here(Path(root)), url)


def _task(tasks: list[str], every: bool) -> str:
    """Let the reader choose the task; empty for all, or where there is none."""
    if len(tasks) < 2:
        return "".join(tasks)
    chosen = choices.one("Task", [ALL_TASKS, *tasks] if every else tasks, "task", labelled=False)
    return "" if chosen == ALL_TASKS else chosen


def _entitled(name: str, task: str, project: Project) -> None:
    """Name page, task and project above the page's title, and on the browser's tab."""
    called = project.settings.project or project.settings.root.name
    st.set_page_config(page_title=" · ".join(filter(None, (name, task, called))))
    names = [pieces.cut_name(each) for each in (called, task) if each]
    html(element("div", [[each, " · "] for each in names], name, class_="lh-where"))


def html(*children: Child) -> None:
    """Write elements on the page; texts among them are escaped."""
    st.html(str(joined(*children)))


def headline(title: str, lead: str = "") -> None:
    """Write the page's title and the sentence below it."""
    st.title(words.label(title, 120), anchor=False)
    if lead:
        html(element("div", lead, class_="lh-lead"))


def section(title: str, note: str = "") -> None:
    """Begin a part of a page."""
    st.subheader(words.label(title, 120), anchor=False)
    if note:
        html(pieces.note(note))


def trouble(line: str) -> None:
    """Show a failure and its remedy, as text."""
    html(element("div", line, class_="lh-banner lh-override", role="alert"))


def answer(line: str) -> None:
    """Say what became of a click."""
    html(element("div", line, class_="lh-answer", role="status"))


def remark(line: str) -> None:
    """Warn the reader about the numbers below."""
    html(pieces.banner(line))


def _remark_in(place: DeltaGenerator, line: str) -> None:
    """Warn the reader at a place above, wherever on the page the reason is found."""
    with place:
        remark(line)


def empty(line: str, command: str) -> None:
    """Say why a page is empty and which command fills it."""
    with st.container(border=True):
        html(element("div", line))
        if command:
            st.code(words.code(command), language=None, wrap_lines=True)


def command(line: str) -> None:
    """Show a command to copy; decisions are not made in a browser."""
    st.code(words.code(line), language=None, wrap_lines=True)


def text(name: str, written: str, key: str) -> None:
    """Show a foreign text under its name; a long text is cut, and a click shows the rest."""
    html(pieces.label(name), words.block(written))
    if words.cut(written) and st.toggle(f"All {len(written):,} characters", key=f"whole-{key}"):
        st.code(words.code(written), language=None, wrap_lines=True, height=400)


def before(of: WithTurns, key: str) -> None:
    """Show what stands before the input: system text, earlier turns, context; a long one folded.

    The input itself goes beside the ideal or the output, where readers compare them.
    """
    parts = given(of)[:-1]
    place = (
        st.expander(f"{len(parts)} texts before it") if len(parts) > UNFOLDED else st.container()
    )
    with place:
        for number, (name, written) in enumerate(parts):
            text(name.capitalize(), written, f"{key}-before-{number}")


def thoughts(whole: str | None, unended: bool, key: str) -> None:
    """Show a control that opens the whole text, thoughts included, if any were removed."""
    if unended:
        remark("It never ended its thinking, and counts as empty.")
    if whole is not None:
        with st.expander("The whole text, with its thoughts"):
            text("", whole, key)
