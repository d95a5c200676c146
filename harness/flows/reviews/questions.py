"""Ask in one line for what a review table leaves open, with the options that would do for it.

Tested in tests/cli/test_review_exports.py.
"""

from __future__ import annotations

from harness.flows.project import Project
from harness.flows.reviews.columns import Understood
from harness.store import Store
from harness.text.quoting import COLUMNS, SUGGESTED
from harness.workspace.adapters.files import adapter_names

_TEXTS = ("input", "output", "final")
_MAX_CHOICES = 5


def question(project: Project, store: Store, found: Understood) -> str:
    """Return what is unclear or missing, with options to add; empty where nothing is."""
    if not found.unclear and not found.missing:
        return ""
    if found.missing == ("task",) and not found.unclear:
        project.task_benchmark(None)  # which says that there are several, or none
    said = [
        f"{len(likely)} columns may be `{name}`, choose one with --map {name}=COLUMN"
        for name, likely in found.unclear.items()
    ]
    if found.missing:
        names = ", ".join(f"`{name}`" for name in found.missing)
        one = len(found.missing) == 1
        name, them = (found.missing[0], "it") if one else ("FIELD", "them")
        said.append(
            f"no column is understood as {names}, name {them} with --map {name}=COLUMN or"
            f" --set {name}=VALUE"
        )
    options = _choices(found) + _options(project, store, found)
    shown = SUGGESTED.say(" ".join(options)) if options else ""
    return "; ".join(said) + shown + " " + COLUMNS.say(", ".join(found.cells) or "none")


def _choices(found: Understood) -> list[str]:
    return [
        " or ".join(_option("--map", name, column) for column in likely[:_MAX_CHOICES])
        for name, likely in found.unclear.items()
    ]


def _options(project: Project, store: Store, found: Understood) -> list[str]:
    """Return options for missing fields, from the columns that are not read and their cells."""
    wanted = [name for name in found.missing if name in _TEXTS]
    texts = found.free("text", "verdict")
    # Texts are longer than names, e-mail addresses and labels.
    longest = sorted(texts, key=lambda column: -found.cells[column].length)[: len(wanted)]
    columns = dict(zip(wanted, (one for one in texts if one in longest), strict=False))
    dates = found.free("date")
    if "at" in found.missing and dates:
        columns["at"] = dates[0]
    options = []
    for name in found.missing:
        if name in columns:
            options.append(_option("--map", name, columns[name]))
        elif name == "adapter":
            options.append(_option("--set", name, _likely_adapter(project, store)))
        elif name == "task" and project.tasks:
            options.append(_option("--set", name, project.tasks[0]))
    return options


def _likely_adapter(project: Project, store: Store) -> str:
    """Return the adapter that is in production, or else any that is there."""
    promoted = [store.decisions.promoted(task) for task in project.tasks]
    names = [one.adapter for one in promoted if one] or adapter_names(project.settings.adapters)
    return names[0] if names else "base"


def _option(option: str, name: str, value: str) -> str:
    """Return an option as it is typed; double quotes work in every shell."""
    text = f"{name}={value}"
    plain = all(letter.isalnum() or letter in "=_.-/" for letter in text)
    return f"{option} {text}" if plain else f'{option} "{text}"'
