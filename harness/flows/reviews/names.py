"""What a review may speak of: tasks that have a benchmark, adapters that the project has met."""

from __future__ import annotations

import re

from harness.errors import HarnessError
from harness.flows.project import Project
from harness.flows.store import NO_ADAPTER
from harness.records import RESERVED
from harness.store import Store
from harness.workspace.adapters.files import adapter_names, read_adapter
from harness.workspace.formats.fields import suggestion
from harness.workspace.formats.names import check_name

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Known:
    """Looked up once; a folder is hashed when its adapter is first spoken of."""

    def __init__(self, project: Project, store: Store) -> None:
        self._adapters = project.settings.adapters
        self._remembered = store.reviews.digests()
        self._folders = frozenset(adapter_names(self._adapters))
        self._digests: dict[str, tuple[str, ...]] = {}
        self.tasks = project.tasks

    def task(self, name: str) -> str:
        """The name itself; a ValueError where no benchmark is for this task."""
        if not name:
            raise ValueError("`task` is empty, every review needs one")
        if name not in self.tasks:
            raise ValueError(
                f"no benchmark is for task {name[:80]!r}{suggestion(name, self.tasks)}"
            )
        return name

    def digest(self, name: str, given: str) -> str:
        """Of the adapter's bytes: as given where that is one of its own, else its newest."""
        if name not in self._digests:
            self._digests[name] = self._all(name)
        mine = self._digests[name]
        if not given:
            return mine[-1] if mine else ""
        if not _DIGEST.fullmatch(given):
            raise ValueError(f"`digest` is {given[:40]!r}, 64 hexadecimal digits are needed")
        if given not in mine:
            raise ValueError(f"`digest` {given[:12]}… is of no {name} that is known here")
        return given

    def _all(self, name: str) -> tuple[str, ...]:
        """Every digest that this name ever had, the one it has now last."""
        if name in RESERVED:
            return (*self._remembered.get(name, ()), NO_ADAPTER)
        if not name:
            raise ValueError("`adapter` is empty, every review needs one")
        before = self._remembered.get(name)
        if name not in self._folders and before is None:
            known = {*self._folders, *self._remembered, *RESERVED}
            raise ValueError(f"adapter {name[:80]!r} is unknown{suggestion(name, known)}")
        now = (self._now(name),) if name in self._folders else ()
        return tuple(one for one in (*(before or ()), *now) if one)

    def _now(self, name: str) -> str:
        try:
            return read_adapter(self._adapters, check_name(name)).digest
        except HarnessError as problem:
            raise ValueError(str(problem)) from None
