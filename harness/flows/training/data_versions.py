"""Make a version of a training set, list the versions, and give back the content of any of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from harness.errors import DataError, RequestError
from harness.flows.by_whom import refuse_unsaid
from harness.flows.project import Project, utc_now
from harness.flows.training.check_data import clean_scan
from harness.records import DataVersion
from harness.records.training_example import TrainingExample
from harness.workspace.formats.fields import suggestion
from harness.workspace.formats.locks import locked
from harness.workspace.importers.example_columns import ExampleColumns
from harness.workspace.project.data_versions import (
    LOG,
    LoggedVersion,
    append,
    log_of,
    read_log,
    version_of,
)
from harness.workspace.project.training_data import (
    AS_WRITTEN,
    DATASETS,
    content_digest,
    example_object,
    training_files,
)


def find_set(project: Project | None, called: Path) -> Path:
    """Return the file or version that a name stands for: a path, else a set of the project.

    `outreach`, `outreach.jsonl` and `outreach@3` are looked for among the project's training sets.
    """
    if called.exists() or project is None:
        return called
    folder = project.settings.adapters / DATASETS
    named = version_of(called)
    if named is not None:
        return called if log_of(called).exists() else folder / called.name
    files = training_files(folder)
    found = [file for file in files if called.name in (file.name, file.stem)]
    if len(called.parts) > 1 or not found:
        return called
    if len(found) > 1:
        names = ", ".join(file.name for file in found)
        raise RequestError(f"{called}: several training sets have that name ({names})")
    return found[0]


def make_version(
    project: Project,
    called: Path,
    *,
    by: str,
    why: str,
    columns: ExampleColumns = AS_WRITTEN,
    dry_run: bool = False,
) -> DataVersion:
    """Record what a training set's file holds now as its next version."""
    refuse_unsaid(by, why)
    file = find_set(project, called)
    if version_of(file) is not None:
        raise RequestError(f"{called}: is a version already, name the file of the set")
    scan = clean_scan(file, columns)
    log = log_of(file)
    with locked(project.settings.reports / ".locks", f"{log.name}"):
        before = read_log(log)
        now = utc_now(project.settings.calendar)
        new = _next(log, before, scan.examples, scan.fingerprint, by, why, now)
        return new.version if dry_run else append(log, before, new)


def _next(
    log: Path,
    before: list[LoggedVersion],
    examples: tuple[TrainingExample, ...],
    fingerprint: str,
    by: str,
    why: str,
    now: str,
) -> LoggedVersion:
    if before and before[-1].version.fingerprint == fingerprint:
        raise RequestError(
            f"nothing changed since {before[-1].version.name}: its examples are the same"
        )
    there = clean_scan(log.with_name(before[-1].version.name)).examples if before else ()
    given = {content_digest(example): example.given for example in there}
    old, new = Counter(map(content_digest, there)), Counter(map(content_digest, examples))
    came, coming = [], new - old
    for example in examples:
        digest = content_digest(example)
        if coming[digest]:
            coming[digest] -= 1
            came.append((digest, example))
    went = [*(old - new).elements()]
    answered_anew = Counter(given[one] for one in went) & Counter(one.given for _, one in came)
    both = answered_anew.total()
    return LoggedVersion(
        DataVersion(
            set=log.name.removesuffix(LOG),
            version=len(before) + 1,
            fingerprint=fingerprint,
            examples=len(examples),
            added=len(came) - both,
            removed=len(went) - both,
            changed=both,
            by=by,
            why=why,
            at=now,
        ),
        tuple((digest, with_slices(example)) for digest, example in came),
        tuple(went),
    )


def with_slices(example: TrainingExample) -> dict[str, object]:
    """Return an example as a line of JSONL, with its slices."""
    slices = {"slices": dict(example.slices)} if example.slices else {}
    return {**example_object(example), **slices}


def versions(project: Project | None, called: Path | None = None) -> list[DataVersion]:
    """Return the versions of a set, oldest first; without a set those of all sets."""
    if called is not None:
        file = find_set(project, called)
        log = log_of(file)
        if not log.exists() and not file.exists():
            raise DataError(f"{called}: no such training set{similar(project, called)}")
        return [one.version for one in read_log(log)]
    if project is None:
        raise RequestError("name a SET, or ask inside of a project")
    logs = sorted((project.settings.adapters / DATASETS).glob(f"*{LOG}"))
    return [one.version for log in logs for one in read_log(log)]


def similar(project: Project | None, called: Path) -> str:
    """Return `, did you mean …?` for a set that the project does not have."""
    if project is None:
        return ""
    files = training_files(project.settings.adapters / DATASETS)
    return suggestion(called.stem, [file.stem for file in files])


def lines_at(project: Project | None, called: Path) -> Iterator[str]:
    """Yield a version's examples as lines of JSONL, which have its fingerprint."""
    path = find_set(project, called)
    if version_of(path) is None:
        raise RequestError(f"{called}: name a version, such as {called.stem}@1")
    # The whole version is read, and its fingerprint compared, before the first line is written.
    for example in clean_scan(path).examples:
        yield json.dumps(with_slices(example), ensure_ascii=False)


def version_of_data(file: Path, fingerprint: str) -> str | None:
    """Return the name of the newest version of a set with a fingerprint; None if none has it."""
    found = [
        one.version for one in read_log(log_of(file)) if one.version.fingerprint == fingerprint
    ]
    return found[-1].name if found else None
