"""Gather the training sets that an adapter's weights learnt from, with the origin of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.flows.evaluation.contamination import datasets_of, read_training_of
from harness.records import NOT_STATED, DataOrigin, TaughtData
from harness.workspace.project.data_origins import read_data_origin, recorded_origin
from harness.workspace.project.training_data import DATASETS


def taught_data(adapters: Path, name: str) -> tuple[TaughtData, ...]:
    """Return the training set of an adapter and those of its parents, its own first."""
    return tuple(_each(adapters, name))


def _each(adapters: Path, name: str) -> Iterator[TaughtData]:
    for owner, dataset in datasets_of(adapters, name):
        if dataset is None:
            yield TaughtData(owner, NOT_STATED, NOT_STATED)
            continue
        called = _text(dataset, "name")
        recorded = recorded_origin((read_training_of(adapters, owner) or {}).get("origin"))
        yield TaughtData(
            owner,
            _text(dataset, "version") or called or NOT_STATED,
            _text(dataset, "fingerprint") or NOT_STATED,
            _completed(recorded, _card(adapters / DATASETS, called)),
        )


def _completed(recorded: DataOrigin, now: DataOrigin) -> DataOrigin:
    """Return what was recorded at the training; the set's card may state the rest afterwards."""
    pairs = {one.name: (getattr(recorded, one.name), getattr(now, one.name))
             for one in fields(DataOrigin)}  # fmt: skip
    return DataOrigin(**{name: new if old is None else old for name, (old, new) in pairs.items()})


def _card(folder: Path, called: str) -> DataOrigin:
    try:
        # Only the last part: a name of other people must not lead out of the folder.
        return read_data_origin(folder / Path(called).name) if called else DataOrigin()
    except HarnessError:  # a damaged card, which `data origin` reports
        return DataOrigin()


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) else ""
