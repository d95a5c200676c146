"""Packages with entry points, as installed packages lie in site-packages.

offer(tmp_path, "acme 1.2", {"harness.metrics": {"polite": "acme_polite:score"}},
      acme_polite="def score(output, case): return 1.0")
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def offer(
    folder: Path, package: str, offered: Mapping[str, Mapping[str, str]], **modules: str
) -> Path:
    """Write a folder for `sys.path` with one package in it: metadata, entry points, modules."""
    name, version = package.split()
    about = folder / f"{name}-{version}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    groups = (
        f"[{group}]\n" + "".join(f"{key} = {place}\n" for key, place in entries.items())
        for group, entries in offered.items()
    )
    (about / "entry_points.txt").write_text("\n".join(groups))
    for module, text in modules.items():
        (folder / f"{module}.py").write_text(text)
    return folder
