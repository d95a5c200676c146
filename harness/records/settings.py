"""Records of settings that several rooms share: privacy, tracking, Ray, and a model server.

Tested in tests/workspace/project/test_settings.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from harness.records.holds import EXACT
from harness.records.notices import NOTICE_KINDS, NoticeForm, NoticeKind

PersonalKind: TypeAlias = Literal["email", "phone", "card", "iban", "ssn"]
"""Personal data that is found by its form and its check digits."""


@dataclass(frozen=True, slots=True)
class Privacy:
    """Rules for what is masked where the store is shown; the store itself stays exact."""

    texts: bool = True
    """Whether inputs, ideals, outputs and reviews are shown at all; figures always are."""
    kinds: tuple[PersonalKind, ...] = field(default=(), metadata=EXACT)
    """Kinds of personal data that are shown as `[email]`, `[phone]` and so on."""
    patterns: tuple[str, ...] = field(default=(), metadata=EXACT)
    """Regular expressions whose matches are shown as `[redacted]`."""
    region: str = field(default="US", metadata=EXACT)
    """Country of the phone numbers without a `+`."""


CALENDAR = "calendar"
"""Where a run's origin says that its day was declared."""
REPLAYED = "replayed"


@dataclass(frozen=True, slots=True)
class Calendar:
    """A declared calendar, for a history that was replayed and not lived through."""

    now: str = field(default="", metadata=EXACT)
    """The time that counts as now; ISO 8601, UTC. Empty where the clock tells it."""
    why: str = field(default="", metadata=EXACT)
    """Why the days are replayed, for the reader of a page or an export."""

    @property
    def label(self) -> str:
        """The sentence that says so wherever a day is shown; empty where days are real."""
        return f"Replayed calendar, its today is {self.now[:10]}: {self.why}" if self.now else ""

    def beside(self, made: Mapping[str, Any]) -> dict[str, Any]:
        """Return an object for programs, with the label where days are declared."""
        return {**made, CALENDAR: self.label} if self.now else dict(made)


@dataclass(frozen=True, slots=True)
class Tracker:
    """An MLflow tracking server or database."""

    uri: str = field(default="", metadata=EXACT)
    """Its address, as MLflow understands it; empty switches tracking off."""
    experiment: str = field(default="lora-harness", metadata=EXACT)
    """The experiment that runs are filed under; created where it is missing."""


@dataclass(frozen=True, slots=True)
class Notify:
    """A chat's webhook that gets notices; it holds the name of a variable, never the address."""

    webhook: str = field(default="", metadata=EXACT)
    """The environment variable that holds the address; empty switches notices off."""
    form: NoticeForm = field(default="slack", metadata=EXACT)
    """The JSON that the receiver understands."""
    on: tuple[NoticeKind, ...] = field(default=NOTICE_KINDS, metadata=EXACT)
    """The kinds of events that are told."""


@dataclass(frozen=True, slots=True)
class CiSettings:
    """How CI brings lora-harness along; `lora-harness ci init` writes workflows from it."""

    install: str = field(default="", metadata=EXACT)
    """The shell line that installs it; empty is `pip install lora-harness` with its extras."""
    python: str = field(default="3.11", metadata=EXACT)
    """The version of Python."""
    comment: bool = True
    """Whether the report also becomes a comment on the pull request."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """How work is spread over Ray; the environment says where Ray runs (`RAY_ADDRESS`)."""

    actors: int = 0
    """Workers, each with the base loaded once; 0 is as many as fit: one on each GPU, or on each
    slice of cores."""
    cores: int = 0
    """CPU cores of one worker; 0 shares all of them out, at most 4 where `actors` is 0 too."""
    patience: float = 120.0
    """Seconds to wait for a first worker, and for the next one when all have died."""
    shared: str = field(default="", metadata=EXACT)
    """A folder that all machines see under the same path, for the adapters' private copies; where
    empty, this machine's temporary folder."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible server; it holds the name of a key, never the key."""

    url: str = field(default="", metadata=EXACT)
    """Its address up to and with the version, such as http://127.0.0.1:8000/v1; no name, password
    or query. Empty where none is configured."""
    model: str = field(default="", metadata=EXACT)
    """The server's name for the base; where empty, the first model that it lists."""
    key: str = field(default="OPENAI_API_KEY", metadata=EXACT)
    """The environment variable that holds the key; unset where the server wants none."""
    concurrency: int = 16
    """Requests under way at once."""
    timeout: float = 120.0
    """Seconds for one request, from asking to the last byte."""
    deadline: float = 3600.0
    """Seconds for all requests of one adapter on one benchmark."""
    retries: int = 4
    """How often a request is repeated after 429, 5xx or a broken connection."""
    likelihoods: Literal["auto", "always", "never"] = field(default="auto", metadata=EXACT)
    """Whether likelihoods of ideals are measured. `auto`: where the server can; `always`: a server
    that cannot is refused; `never`: not at all."""
    check: bool = True
    """Whether a server is held against this process before it is believed, where the base's files
    are here and fit into memory."""
    adapters: str = field(default="", metadata=EXACT)
    """The adapters' folder as the server sees it; where empty it reads the private copies here."""

    @property
    def on_this_machine(self) -> bool:
        """Whether the server is on this machine, so that no proxy lies between."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"
