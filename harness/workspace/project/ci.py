"""Read `[tool.harness.ci]`: how CI installs the package, the one place that says so.

Tested in tests/workspace/project/test_ci_files.py.
"""

from __future__ import annotations

import re

from harness.records import CiSettings
from harness.workspace.formats.fields import Table

MAX_INSTALL = 1000
_PYTHON = re.compile(r"3\.\d{1,2}(\.\d{1,2})?", re.ASCII)


def read_ci(table: Table) -> CiSettings:
    """Read `[ci]`; every key is optional."""
    plain = CiSettings()
    found = CiSettings(
        install=table.text("install", "", blank=True).strip(),
        python=table.text("python", plain.python),
        comment=table.flag("comment", plain.comment),
    )
    table.done()
    # Another line of the shell would become another line of YAML.
    if len(found.install) > MAX_INSTALL or not found.install.isprintable():
        raise table.fail(
            f"`install` is a line of the shell, of at most {MAX_INSTALL} letters; several commands"
            " are joined by &&"
        )
    if not _PYTHON.fullmatch(found.python):
        raise table.fail(f"`python` is {found.python[:20]!r}, a version such as 3.11 is needed")
    return found
