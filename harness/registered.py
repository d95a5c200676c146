"""Find what other packages offer under our entry point groups, by name.

No module of another package is imported before its name is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from harness.errors import HarnessError, reason

METRICS = "harness.metrics"
ENGINES = "harness.engines"
STORES = "harness.stores"


@dataclass(frozen=True, slots=True)
class Registered:
    """An object that another package offers, imported."""

    name: str
    value: Any
    package: str
    """The package and its version, such as `acme-metrics 1.2`."""
    place: str
    """Its place in that package, such as `acme.metrics:polite`."""


def names(group: str) -> tuple[str, ...]:
    """Return the names offered under a group, importing none of them."""
    return tuple(sorted({entry.name for entry in entry_points(group=group)}))


def registered(group: str, name: str, error: type[HarnessError]) -> Registered | None:
    """Import the object offered under a name; None without an offer, `error` if it is unusable."""
    found = tuple(entry_points(group=group, name=name))
    if not found:
        return None
    if len(found) > 1:
        packages = " and ".join(sorted({_package(entry) for entry in found}))
        raise error(f"{name}: {packages} both offer it in {group}, uninstall one of them")
    (entry,) = found
    try:
        value = entry.load()
    except (Exception, SystemExit) as problem:  # a foreign module may raise any kind
        import logging  # not at the top: the command's start does without it

        logging.getLogger(__name__).debug("%s is not imported", entry.value, exc_info=True)
        raise error(
            f"{name}: {entry.value} of {_package(entry)} cannot be imported"
            f" ({type(problem).__name__}: {reason(problem)})"
        ) from problem
    return Registered(name, value, _package(entry), entry.value)


def refuse_taken(own: Mapping[str, Iterable[str]], error: type[HarnessError]) -> None:
    """Refuse another package's offer of a built-in name: a record could not tell the two apart."""
    every = entry_points()
    for group, taken in own.items():
        for entry in every.select(group=group):
            if entry.name in taken:
                raise error(
                    f"{entry.name}: is one of lora-harness's own, and {_package(entry)} offers it"
                    f" in {group} as well; uninstall that package"
                )


def _package(entry: EntryPoint) -> str:
    if entry.dist is None:
        return "a package without a name"
    return f"{entry.dist.metadata['Name']} {entry.dist.version}"
