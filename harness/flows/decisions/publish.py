"""Push an adapter to the Hub on request, and write its model card.

No other module of the package sends data; a test ensures that. The model card is written here too,
since both tell others how the adapter was judged.
"""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from harness.errors import AdapterRefused, RequestError, WorldFailed
from harness.flows.evaluation.data_origin import taught_data
from harness.flows.project import Project
from harness.records import Verdict
from harness.text.figures import metric_title
from harness.workspace.adapters.files import (
    TOKENIZER,
    TRAINING,
    AdapterFiles,
    digest_of,
    judged_names,
    read_adapter,
    snapshot,
)
from harness.workspace.adapters.model_card import CARD, Figure, write_card, write_name_card
from harness.workspace.adapters.origin import origin_of
from harness.workspace.adapters.served import is_served, read_served
from harness.workspace.adapters.signing import SIGNATURE, signature_of
from harness.workspace.formats.reading import opened
from harness.workspace.formats.scratch import scratch_folder

TOKEN = "HF_TOKEN"
BESIDE = (CARD, TRAINING, SIGNATURE)
"""Files that are sent along with the judged files if they exist; all others stay here."""


# --- the model card -------------------------------------------------------------------------


def card(project: Project, name: str, verdict: Verdict, *, dry_run: bool = False) -> Path:
    """Write the verdict's scores into the adapter's README.md; the judged files do not change."""
    adapters = project.settings.adapters
    shown, label = list(figures(verdict)), project.settings.calendar.label
    if is_served(adapters, name):
        served = read_served(adapters, name)
        return write_name_card(served, shown, label, dry_run=dry_run)
    adapter = read_adapter(adapters, name)
    base = project.base
    hub_id = base.reference.partition("@")[0] if base.source == "hub" else None
    origin = origin_of(adapter.folder, adapter.digest)
    came = origin.resolved if origin is not None and origin.public else None
    taught = project.redaction.record(taught_data(adapters, name))
    return write_card(adapter, shown, hub_id, came, taught, label, dry_run=dry_run)


def figures(verdict: Verdict) -> Iterator[Figure]:
    """Yield each metric once, for the benchmark and its guards; missing scores are left out."""
    for one in (verdict, *verdict.guards):
        # a metric comes once per reference; reversed, so that the first one's value is kept
        values = {m.name: m.candidate for m in reversed(one.metrics) if m.candidate is not None}
        for metric in dict.fromkeys(m.name for m in one.metrics if m.name in values):
            if math.isfinite(values[metric]):
                title = metric_title(metric)
                yield Figure(
                    one.benchmark, one.fingerprint, one.task, metric, title, values[metric]
                )


# --- the Hub --------------------------------------------------------------------------------


class Hub(Protocol):
    """The two calls of huggingface_hub's client that a push makes."""

    def create_repo(self, repo_id: str, *, private: bool, exist_ok: bool) -> Any:
        """Create the repository if it does not exist; leave an existing repository unchanged."""

    def upload_folder(self, *, repo_id: str, folder_path: Path, commit_message: str) -> Any:
        """Upload all files of a folder in a single commit."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """The files that were sent, or would be."""

    repo: str
    digest: str
    files: tuple[str, ...]
    commit: str | None
    """The commit's address; None for a dry run."""


def push(
    project: Project,
    name: str,
    repo_id: str,
    *,
    digest: str,
    private: bool = True,
    dry_run: bool = False,
    hub: Hub | None = None,
) -> Pushed:
    """Send an adapter to the Hub: exactly the bytes of `digest`, from a copy that was checked.

    The token comes from HF_TOKEN. A missing repository is created, private by default.
    """
    _check_repo(repo_id)  # before the adapter's files are hashed, which takes a while
    adapter = read_adapter(project.settings.adapters, name)
    if not adapter.has_judged_bytes(digest):
        raise AdapterRefused(
            f"{name}: its bytes are not those that were judged ({adapter.digest[:12]}, not"
            f" {digest[:12]}), nothing was sent"
        )
    with scratch_folder() as aside:
        # A copy, so that the bytes sent are the bytes checked, even if the adapter changes now.
        folder = snapshot(adapter, aside / "adapter")
        if adapter.unjudged(digest):  # promoted by 1.0.0, which judged config and weights only
            for name in TOKENIZER:
                (folder / name).unlink(missing_ok=True)
        files = (*judged_names(folder), *_copied_beside(adapter, folder))
        _check_signature(adapter, folder, files)
        commit = None if dry_run else _sent(hub or _open_hub(), repo_id, folder, private, adapter)
    return Pushed(repo_id, digest, files, commit)


def _copied_beside(adapter: AdapterFiles, folder: Path) -> Iterator[str]:
    for name in BESIDE:
        if (adapter.folder / name).exists():
            with (
                opened(adapter.folder / name, AdapterRefused) as file,
                (folder / name).open("wb") as to,
            ):
                shutil.copyfileobj(file, to)
            yield name


def _check_signature(adapter: AdapterFiles, folder: Path, files: tuple[str, ...]) -> None:
    """Refuse a signature that would not hold after the upload, which is worse than none."""
    signed = signature_of(folder)
    if signed is None:
        return
    if digest_of(signed.files) != adapter.digest:
        raise AdapterRefused(f"{adapter.name}: {SIGNATURE} is for other bytes, sign it again")
    # verification over there would miss a signed file that stays here
    left = sorted(set(signed.files) - set(files))
    if left:
        raise AdapterRefused(
            f"{adapter.name}: {SIGNATURE} covers {left[0][:100]}, which is never sent;"
            " move it elsewhere and sign again"
        )


def _sent(hub: Hub, repo: str, folder: Path, private: bool, adapter: AdapterFiles) -> str:
    message = f"{adapter.name}, digest {adapter.digest}"
    try:
        hub.create_repo(repo, private=private, exist_ok=True)
        made = hub.upload_folder(repo_id=repo, folder_path=folder, commit_message=message)
    except Exception as problem:  # the Hub's client raises many kinds, and may quote what it sent
        status = getattr(getattr(problem, "response", None), "status_code", None)
        kind = f"{problem.__class__.__name__}{f', status {status}' if status else ''}"
        # neither logged nor chained: the request that it quotes may hold the token
        raise WorldFailed(
            f"{repo}: the Hub did not take it ({kind}), see that {TOKEN} may write there"
        ) from None
    return str(getattr(made, "commit_url", made))


def _open_hub() -> Hub:
    token = os.environ.get(TOKEN, "").strip()
    if not token:
        raise RequestError(f"{TOKEN} is not set, a push needs a token that may write to the Hub")
    from huggingface_hub import HfApi, constants

    constants.HF_HUB_DISABLE_TELEMETRY = True  # its variable is read too early to be set here
    if constants.HF_HUB_OFFLINE:
        raise RequestError("HF_HUB_OFFLINE is set, so nothing can be sent; unset it to push")
    api: Hub = HfApi(token=token, library_name="lora-harness")
    return api


def _check_repo(repo_id: str) -> None:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]  # lazily exported

    try:
        validate_repo_id(repo_id)
    except HFValidationError as problem:
        raise RequestError(f"{ascii(repo_id)[:100]} is no Hub id, one is OWNER/NAME") from problem
