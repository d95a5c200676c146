"""The bar of a session with `--harness-base-ref`: another commit's, shared with xdist's workers.

Tested in tests/plugin/test_base_ref.py.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RequestError
from harness.flows.evaluation.base_ref import at_base
from harness.flows.evaluation.kept_outputs import keep_outputs
from harness.flows.project import Project
from harness.workspace.formats.scratch import scratch_folder
from harness.workspace.project.git_tree import open_tree

OURS = ("--harness-", "--model")
FOLDER = "harness_bar"


class SessionBar:
    """The project as it lies in the working folder, and as the session judges it."""

    def __init__(self, config: pytest.Config, ref: str | None) -> None:
        self._config, self._ref = config, ref
        self._folder: Path | None = None

    def open(self, stack: ExitStack) -> Project:
        """Return the project to judge by; files of the commit are kept until the stack closes."""
        self.here = self.judged = Project.here(self._config.invocation_params.dir)
        if self._ref is not None:
            self._refuse_options(self._ref)
            sent = getattr(self._config, "workerinput", {}).get(FOLDER)
            self._folder = Path(sent) if sent else stack.enter_context(scratch_folder()).resolve()
            self.judged = at_base(self.here, self._ref, self._folder)
            if sent is None:  # the workers of xdist have ended by then
                stack.callback(keep_outputs, self.judged)
        return self.judged

    def _refuse_options(self, ref: str) -> None:
        """Refuse options of ours in a settings file that the working folder has changed."""
        words = self._config.getini("addopts")
        ours = [word for word in words if word.startswith(OURS)]
        file = self._config.inipath
        if not ours or file is None:
            return
        tree = open_tree(self.here.settings.root, ref)
        if tree.changed(f":(literal){tree.place(file)}"):
            raise RequestError(
                f"{file.name} differs from {ref}, and its `addopts` has {ours[0]}: with a base ref"
                " such an option stands on the command line"
            )

    @property
    def benchmarks(self) -> Path:
        """The benchmarks' folder that the items are named by."""
        return self.here.settings.benchmarks.resolve()

    def cases_file(self, name: str) -> Path:
        """Return the file that a benchmark's items are named by; their cases are the judged ones.

        A benchmark that the working folder has no longer is named by the commit's file.
        """
        place = Path(name) / "cases.jsonl"
        found = self.benchmarks / place
        return found if found.is_file() else self.judged.settings.benchmarks.resolve() / place

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of xdist where the files of the commit lie."""
        if self._folder is not None:
            node.workerinput[FOLDER] = str(self._folder)
