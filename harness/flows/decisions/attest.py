"""State to others what was judged, and check whether an adapter still has the judged bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.errors import AdapterRefused, RequestError
from harness.flows.evaluation.data_origin import taught_data
from harness.flows.project import Project
from harness.flows.rejudge import judged_again, runs_of
from harness.libraries import versions
from harness.records import NOT_BYTES, RESERVED, DoctorCheck, Verdict, exported_adapter
from harness.render.statement import Grounds, statement
from harness.store import Store
from harness.store.keys import key_of
from harness.store.verdicts import StoredVerdict
from harness.workspace.adapters.files import (
    JUDGED,
    TOKENIZER,
    AdapterFiles,
    digest_of,
    file_digest,
    judged_names,
    read_adapter,
)
from harness.workspace.adapters.origin import origin_of
from harness.workspace.adapters.signing import SIGNATURE, mismatches, signature_of


def attest(project: Project, store: Store, identity: str) -> dict[str, Any]:
    """Return the in-toto statement of a verdict, named by its id or its run's id.

    The adapter's bytes must be the judged bytes, and the stored scores must give the verdict again.
    """
    kept = _kept(store, identity)
    verdict = kept.verdict
    if verdict.candidate in RESERVED:
        raise RequestError(f"{verdict.candidate} is the base model, there are no bytes to attest")
    if (of := exported_adapter(verdict.candidate)) is not None:
        raise RequestError(
            f"{verdict.candidate} is an export of {of}; a statement is about an adapter's own bytes"
        )
    runs = runs_of(store, verdict)
    if runs["candidate"].digests.get("base") == "recorded":
        raise RequestError(
            f"{verdict.candidate}: was judged from recorded outputs, no adapter's bytes were seen"
        )
    if runs["candidate"].named:
        raise RequestError(
            f"{verdict.candidate}: is {NOT_BYTES}, so nothing can be attested; its verdict and its"
            " recorded answers are all the proof there is"
        )
    adapter = read_adapter(project.settings.adapters, verdict.candidate)
    files = judged_files(adapter, kept.digest)
    if digest_of(files) != kept.digest:
        raise AdapterRefused(
            f"{verdict.candidate}: its bytes are not those that were judged"
            f" ({digest_of(files)[:12]}, not {kept.digest[:12]}), restore them"
        )
    if not judged_again(store, verdict).same:
        raise RequestError(
            f"{kept.id[:12]}: the stored scores do not give this verdict again,"
            f" run `pytest --model {verdict.candidate}`"
        )
    again = versions(("lora-harness",))["lora-harness"]
    policy = policy_digest(verdict)  # of the unredacted policy, as in the ledger
    shown = project.redaction.record(verdict)
    origin = origin_of(adapter.folder, kept.digest)
    came = origin.resolved if origin is not None and origin.public else None
    taught = project.redaction.record(taught_data(project.settings.adapters, verdict.candidate))
    grounds = Grounds(kept.id, kept.made, kept.digest, files, policy, runs, again, came, taught)
    return statement(shown, grounds)


def policy_digest(verdict: Verdict) -> str:
    """Return the digest of a verdict's policy, as decisions in the ledger record it."""
    return key_of("policy", policy=asdict(verdict.policy))


def judged_files(adapter: AdapterFiles, digest: str | None = None) -> dict[str, str]:
    """Return the sha256 of each file that a digest is about, where it exists."""
    plain = digest == adapter.weights_digest  # of an adapter without a tokenizer, or 1.0.0's
    names = JUDGED if plain else judged_names(adapter.folder)
    places = {name: adapter.folder / name for name in names}
    return {name: file_digest(place) for name, place in places.items() if place.is_file()}


def _kept(store: Store, identity: str) -> StoredVerdict:
    """Return the verdict of this id, or the last verdict on this run."""
    found = [kept for kept in store.verdicts.all() if identity in (kept.id, kept.run)]
    if not found:
        raise RequestError(f"{identity}: no such verdict or run, `lora-harness log` names them")
    return found[-1]


# --- verify ---------------------------------------------------------------------------------


def verify_adapter(
    project: Project,
    name: str,
    *,
    expected: str | None = None,
    files: Mapping[str, str] | None = None,
    public_key: Path | None = None,
) -> list[DoctorCheck]:
    """Return checks of an adapter's bytes and signature, each with a line for people.

    `expected` is the digest at the time of the verdict or promotion, `files` the sha256 of each
    judged file then, to name the changed file. With a public key, a valid signature is required.
    """
    adapter = read_adapter(project.settings.adapters, name)
    found = list(_digest_checks(adapter, expected, files))
    return [*found, *_signature_checks(adapter, public_key)]


def _digest_checks(
    adapter: AdapterFiles, expected: str | None, files: Mapping[str, str] | None
) -> Iterator[DoctorCheck]:
    now = judged_files(adapter, expected)
    for name in (*JUDGED, *(name for name in TOKENIZER if name in {*now, *(files or ())})):
        place = adapter.folder / name
        if name not in now:
            yield DoctorCheck("digest", False, f"{place}: is missing, restore it")
        elif files is not None and now[name] != files.get(name):
            yield DoctorCheck("digest", False, f"{place}: is not what was judged, restore it")
    digest = digest_of(now)
    if expected is None:
        yield DoctorCheck("digest", True, f"{digest}, nothing to compare it with")
    elif digest != expected:
        message = f"{adapter.name}: its bytes are {digest[:12]}, judged were {expected[:12]}"
        yield DoctorCheck("digest", False, message)
    else:
        yield DoctorCheck("digest", True, f"{digest}, the judged bytes")
        if unjudged := adapter.unjudged(expected):
            yield DoctorCheck("tokenizer", True, unjudged)


def _signature_checks(adapter: AdapterFiles, public_key: Path | None) -> Iterator[DoctorCheck]:
    if public_key is not None:
        wrong = mismatches(adapter.folder, public_key, adapter.folder.name)
        for line in wrong:
            yield DoctorCheck("signature", False, f"{adapter.name}: {line}")
        if not wrong:
            yield DoctorCheck("signature", True, f"holds with {public_key}")
        return
    try:
        signed = signature_of(adapter.folder)
    except AdapterRefused as problem:
        yield DoctorCheck("signature", False, str(problem))
        return
    if signed is None:
        yield DoctorCheck("signature", True, "none, and none was asked for")
    elif digest_of(signed.files) != adapter.digest:
        yield DoctorCheck("signature", False, f"{adapter.folder / SIGNATURE}: is for other bytes")
    else:
        yield DoctorCheck("signature", True, "is there, not checked without a public key")
