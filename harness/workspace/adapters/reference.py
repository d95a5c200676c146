"""Parse the reference of an adapter: `hf:org/repo@revision`, `models:/NAME/VERSION`, a folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from harness.errors import RequestError

FORMS = "hf:org/repo@revision, models:/NAME/VERSION, runs:/RUN/path, or a folder"
MAIN = "main"
_MAX_LENGTH = 500
_HUB = re.compile(
    r"(?P<repo>[\w-][\w.-]*/[\w-][\w.-]*)"
    r"(?:@(?P<revision>refs/(?:pr|convert)/[^/@]+|[^/@]+))?"
    r"(?:/(?P<folder>[^@]+))?"
)
"""A branch with a `/` in its name is written with %2F, as huggingface_hub does."""
_REVISION = re.compile(r"(?!-)[\w.+-]+(/[\w.+-]+)*", re.ASCII)
_LOGGED = re.compile(r"m-[0-9a-f]{16,}", re.ASCII)
"""The id that MLflow 3 gives a model that was logged and not registered."""
_PART = re.compile(r"[\w .+=,()\[\]-]+")


@dataclass(frozen=True, slots=True)
class HubReference:
    """A folder of a repository on a Hub, at a revision."""

    repo: str
    revision: str
    """A commit, branch or tag."""
    folder: str
    """Empty for the repository's top."""
    named: bool
    """Whether the revision was named; else it is `main`."""

    def at(self, revision: str) -> str:
        """Return the reference with another revision."""
        below = f"/{self.folder}" if self.folder else ""
        return f"hf:{self.repo}@{revision.replace('/', '%2F')}{below}"


@dataclass(frozen=True, slots=True)
class ModelReference:
    """A model version in MLflow's registry, or a folder below it."""

    model: str
    version: str | None
    """A number or `latest`; None for an alias, and for a logged model, which has no versions."""
    alias: str | None
    folder: str

    def at(self, version: str | None) -> str:
        """Return the reference with a version in place of the alias."""
        below = f"/{self.folder}" if self.folder else ""
        return f"models:/{self.model}{f'/{version}' if version else ''}{below}"


@dataclass(frozen=True, slots=True)
class RunReference:
    """A folder among the artifacts of a run in MLflow."""

    run: str
    folder: str


AdapterReference = HubReference | ModelReference | RunReference | Path


def parse_reference(text: str, here: Path) -> AdapterReference:
    """Return what the text refers to; a path counts from the folder `here`."""
    if not text.strip() or len(text) > _MAX_LENGTH or not text.isprintable():
        raise RequestError(f"{ascii(text)[:60]} is no reference to an adapter, one is {FORMS}")
    scheme, _, rest = text.partition(":")
    if scheme == "hf":
        return _hub(text, rest.removeprefix("//"))
    if scheme == "models":
        return _model(text, rest.lstrip("/"))
    if scheme == "runs":
        run, _, folder = rest.lstrip("/").partition("/")
        if not _PART.fullmatch(run):
            raise RequestError(f"{text}: names no run, one is named like runs:/RUN/path")
        return RunReference(run, _folder(text, folder))
    if "://" in text:
        raise RequestError(
            f"{without_secrets(text)}: is no reference to an adapter, one is {FORMS}"
        )
    return _path(text, here)


def without_secrets(address: str) -> str:
    """Return an address without the user and query that may hold a password."""
    scheme, sign, rest = address.partition("://")
    return f"{scheme}{sign}{rest.rpartition('@')[2].partition('?')[0]}"[:200]


def _hub(text: str, rest: str) -> HubReference:
    found = _HUB.fullmatch(rest.rstrip("/"))
    if found is None:
        raise RequestError(f"{text}: is no adapter on a Hub, one is hf:org/repo@revision")
    revision = unquote(found["revision"] or MAIN)
    if not _REVISION.fullmatch(revision) or ".." in revision:
        raise RequestError(f"{text}: {revision[:60]!r} is no revision: a branch, tag or commit is")
    folder = _folder(text, found["folder"] or "")
    return HubReference(found["repo"], revision, folder, found["revision"] is not None)


def _model(text: str, rest: str) -> ModelReference:
    first, _, folder = rest.partition("/")
    model, sign, alias = first.partition("@")
    version: str | None = None
    if not sign and _LOGGED.fullmatch(model):
        return ModelReference(model, None, None, _folder(text, folder))
    if not sign:
        version, _, folder = folder.partition("/")
    chosen = alias if sign else version
    if not _PART.fullmatch(model) or not chosen or not _PART.fullmatch(chosen):
        raise RequestError(
            f"{text}: is no model version, one is models:/NAME/VERSION or models:/NAME@ALIAS"
        )
    if version is not None and version != "latest" and not version.isdecimal():
        raise RequestError(
            f"{text}: {version!r} is no version; a number, `latest` or NAME@ALIAS is (stages of"
            " MLflow are gone)"
        )
    return ModelReference(model, version, alias or None, _folder(text, folder))


def _folder(text: str, folder: str) -> str:
    """Return a folder below a reference; refuse every way out of it."""
    folder = folder.strip("/")
    for part in folder.split("/") if folder else ():
        if part in (".", "..") or not _PART.fullmatch(part):
            raise RequestError(f"{text}: {part[:60]!r} is no name of a folder below it")
    return folder


def _path(text: str, here: Path) -> Path:
    try:
        path = (here / Path(text).expanduser()).absolute()
        there = path.exists()
    except (OSError, ValueError, RuntimeError) as problem:  # no such user, a name too long
        raise RequestError(f"{text[:200]}: is no path ({problem.__class__.__name__})") from problem
    if not there:
        hub = f"; on a Hub it is hf:{text}" if re.fullmatch(r"[\w-][\w.-]*/[\w.@-]+", text) else ""
        raise RequestError(f"{text}: no such folder{hub}")
    if not path.is_dir():
        raise RequestError(f"{text}: is a file, the adapter's folder is needed; unpack an archive")
    return path
