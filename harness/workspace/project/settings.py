"""Read `[tool.harness]` of the nearest pyproject.toml.

First the settings as a whole, then a reader for each section, in the order of the fields.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn, cast, get_args, get_type_hints
from urllib.parse import urlsplit

from harness.errors import NoProject, SettingsError
from harness.records import (
    FALSE_ALARMS,
    REVIEWED,
    Calendar,
    Cluster,
    Endpoint,
    Generation,
    Notify,
    PersonalKind,
    Privacy,
    RetrainLine,
    Tracker,
    WorthSettings,
)
from harness.workspace.formats.fields import Table, kind_of, suggestion, toml_table
from harness.workspace.formats.names import check_plain_name
from harness.workspace.project.calendar import read_calendar
from harness.workspace.project.notify import VARIABLE, read_notify
from harness.workspace.project.worth import read_worth

DTYPES = ("auto", "bfloat16", "float16", "float32")
QUANTIZE = ("none", "nf4", "int8")
SETTINGS = "pyproject.toml"
"""The file whose `[tool.harness]` makes a folder a project."""
EXAMPLE = "http://127.0.0.1:8000/v1"
HISTORY = "history.jsonl"
"""The history in the reports' folder, where `history` names no other file."""
MIN_RATE = 0.001
MAX_RATE = 0.99
MIN_FALSE_ALARMS = 0.01
MAX_FALSE_ALARMS = 10.0
MAX_SCATTER = 0.5
KINDS: tuple[str, ...] = get_args(PersonalKind)
MAX_PATTERNS = 100
"""Entries of `redact`; each is looked for in every text that is shown."""
MAX_NAME = 255
"""Bytes in the name of a file or folder, as file systems have it."""
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
"""A project's id; it becomes part of the name of a file, and of a schema on PostgreSQL."""
_LIKELIHOODS = get_args(get_type_hints(Endpoint)["likelihoods"])


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a project, with absolute paths."""

    root: Path
    base: str
    embedder: str
    store: str
    benchmarks: Path
    adapters: Path
    reports: Path
    engine: str
    generation: Generation
    openai: Endpoint = field(default_factory=Endpoint)
    ray: Cluster = field(default_factory=Cluster)
    monitor: Mapping[str, Mapping[str, RetrainLine]] = field(default_factory=dict)
    """The lines at which a review rate says retrain, by task and rate."""
    privacy: Privacy = field(default_factory=Privacy)
    """How much of the texts reports, pages, logs and exports may show."""
    tracker: Tracker = field(default_factory=Tracker)
    quantize: str = "none"
    """How the base's weights are quantised when it is loaded: nf4, int8 or none."""
    promotion_keys: tuple[Path, ...] = ()
    """Public keys whose owners may decide; empty where decisions need no signature."""
    project: str = ""
    """The id that keeps its rows apart in a store that several projects name; `init` writes it."""
    history: Path | None = None
    """The history that is committed with the project; every decision writes it anew."""
    worth: WorthSettings = field(default_factory=WorthSettings)
    """What the team declares about its work, for the page Worth."""
    notify: Notify = field(default_factory=Notify)
    """Whom to tell of alarms, decisions and verdicts, by a webhook."""
    calendar: Calendar = field(default_factory=Calendar)
    """The declared calendar of a replayed history; without it the clock tells the time."""
    history_texts: bool = False
    """Whether the committed history has inputs, ideals and outputs besides the scores."""

    @property
    def history_file(self) -> Path:
        """The history that a new store begins with, and that `history export` writes by itself."""
        return self.history or self.reports / HISTORY


def read_settings(start: Path | None = None) -> Settings:
    """Return the settings that hold in `start` (default: the working directory)."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        file = folder / SETTINGS
        if not os.path.lexists(file):  # a link that leads nowhere is read, and refused
            continue
        found = settings_of(file, folder)
        if found is not None:
            return found
    raise NoProject(
        f"{here}: no pyproject.toml with [tool.harness] here or above, add one with at least `base`"
        " (`lora-harness init` writes one)"
    )


def settings_of(file: Path, root: Path) -> Settings | None:
    """Return the settings of a file for the project in `root`; None without [tool.harness]."""
    whole = toml_table(file, SettingsError)
    tool = whole.any("tool", {})
    if not isinstance(tool, dict) or "harness" not in tool:
        return None
    return _settings(root, whole.inside(tool["harness"], "tool", "harness"))


def _settings(root: Path, table: Table) -> Settings:
    settings = Settings(
        root=root,
        base=table.text("base"),
        embedder=table.text("embedder", "sentence-transformers/all-MiniLM-L6-v2"),
        store=table.text("store", "sqlite:///reports/harness.db"),
        benchmarks=_folder(root, table, "benchmarks"),
        adapters=_folder(root, table, "adapters"),
        reports=_folder(root, table, "reports"),
        engine=table.text("engine", "transformers"),
        generation=read_generation(table.table("generation"), Generation()),
        openai=read_endpoint(table.table("openai")),
        ray=read_cluster(table.table("ray")),
        monitor=read_lines(table.table("monitor")),
        privacy=read_privacy(table.table("privacy")),
        tracker=read_tracker(table.table("mlflow")),
        quantize=table.choice("quantize", "none", QUANTIZE),
        promotion_keys=read_promotion(root, table.table("promotion")),
        history=_folder(root, table, "history") if table.has("history") else None,
        worth=read_worth(table.table("worth")),
        notify=read_notify(table.table("notify")),
        calendar=read_calendar(table.table("calendar")),
        history_texts=table.flag("history_texts", False),
        project=_project(table),
    )
    table.done()
    return settings


def _project(table: Table) -> str:
    """Return the project's id; empty where the settings name none."""
    named = table.text("project") if table.has("project") else ""
    if named and not _ID.fullmatch(named):
        raise table.fail(
            f"`project` is {named[:60]!r}, an id of at most 40 of a-z, 0-9 and - is needed"
        )
    return named


def _folder(root: Path, table: Table, key: str) -> Path:
    """Return a folder or file, relative to the project or absolute; it need not exist yet."""
    named = table.text(key, key)
    if any(len(os.fsencode(part)) > MAX_NAME for part in Path(named).parts):
        raise table.fail(f"`{key}` has a name of more than {MAX_NAME} bytes, no folder has")
    return root / named


def read_generation(table: Table, defaults: Generation) -> Generation:
    """Read `[generation]` of the project or of a benchmark; missing keys keep `defaults`."""
    found = replace(
        defaults,
        max_new_tokens=table.whole("max_new_tokens", defaults.max_new_tokens, 1, 8192),
        dtype=table.choice("dtype", defaults.dtype, DTYPES),
        batch=table.whole("batch", defaults.batch, 1, 1024),
        seed=table.whole("seed", defaults.seed, 0, 2**31 - 1),
        samples=table.whole("samples", defaults.samples, 1, 64),
        temperature=table.number("temperature", defaults.temperature, 0.0, 10.0),
        max_seconds=table.number("max_seconds", defaults.max_seconds, 0.1, 86_400),
    )
    table.done()
    if found.samples > 1 and found.temperature == 0:
        raise table.fail(
            "`samples` above 1 needs a `temperature` above 0: greedy samples are equal"
        )
    return found


def read_endpoint(table: Table) -> Endpoint:
    """Read `[openai]`; an empty `url` means that no server is named."""
    plain = Endpoint()
    found = Endpoint(
        url=table.text("url", "", blank=True),
        model=table.text("model", "", blank=True),
        key=table.text("key", plain.key),
        concurrency=table.whole("concurrency", plain.concurrency, 1, 1024),
        timeout=table.number("timeout", plain.timeout, 0.1, 86_400),
        deadline=table.number("deadline", plain.deadline, 0.1, 30 * 86_400),
        retries=table.whole("retries", plain.retries, 0, 100),
        likelihoods=table.choice("likelihoods", plain.likelihoods, _LIKELIHOODS),  # type: ignore[arg-type]  # a choice of exactly these
        adapters=table.text("adapters", "", blank=True),
        check=table.flag("check", plain.check),
    )
    table.done()
    if not VARIABLE.fullmatch(found.key):
        raise table.fail("`key` must be the name of an environment variable, never the key itself")
    return at_url(found, found.url, f"{table.where}: `url`") if found.url else found


def at_url(endpoint: Endpoint, url: str, where: str) -> Endpoint:
    """Return the endpoint at another address; refuse an address that could hold a secret."""

    def refuse(what: str) -> NoReturn:
        # Neither the message nor a chained cause may show the address, which may hold a password:
        # the errors of `urlsplit` quote parts of it.
        raise SettingsError(f"{where} {what}") from None

    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        refuse(f"is no address, one is {EXAMPLE}")
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        refuse(f"holds signs that no address has, one is {EXAMPLE}")
    if "@" in parts.netloc:
        refuse("holds a name or password; a key belongs in the environment, see `key`")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        refuse("ends in a query, which may hold a secret; a key belongs in the environment")
    if parts.scheme not in ("http", "https") or not host or port == 0:
        refuse(f"must be http or https with a host, such as {EXAMPLE}")
    return replace(endpoint, url=url.rstrip("/"))


def read_cluster(table: Table) -> Cluster:
    """Read `[ray]`; every key is optional."""
    plain = Cluster()
    found = Cluster(
        actors=table.whole("actors", plain.actors, 0, 4096),
        cores=table.whole("cores", plain.cores, 0, 4096),
        patience=table.number("patience", plain.patience, 1.0, 86_400),
        shared=table.text("shared", "", blank=True),
    )
    table.done()
    if found.shared and not Path(found.shared).is_absolute():
        raise table.fail("`shared` must be an absolute path, the same on all machines")
    return found


def read_lines(table: Table) -> dict[str, dict[str, RetrainLine]]:
    """Read `[monitor]`: the lines at which a rate says retrain, by task and rate."""
    found: dict[str, dict[str, RetrainLine]] = {}
    for task in map(str, table.raw):
        section = table.table(check_plain_name(task, f"{table.where}: ", table.error))
        found[task] = {rate: _line(section.table(rate)) for rate in REVIEWED if section.has(rate)}
        section.done()
        if not found[task]:
            raise section.fail(f"draws no line, known are {' and '.join(REVIEWED)}")
    return found


def _line(table: Table) -> RetrainLine:
    """Read `{ acceptable = 0.20, retrain = 0.25 }`, with `false_alarms` and `scatter` or not."""
    line = RetrainLine(
        table.number("acceptable", None, MIN_RATE, MAX_RATE),
        table.number("retrain", None, MIN_RATE, MAX_RATE),
        table.number("false_alarms", FALSE_ALARMS, MIN_FALSE_ALARMS, MAX_FALSE_ALARMS),
        table.number("scatter", None, 0.0, MAX_SCATTER) if table.has("scatter") else None,
    )
    table.done()
    if line.acceptable >= line.retrain:
        raise table.fail(
            f"`retrain` is {line.retrain:g}, above `acceptable` ({line.acceptable:g}) is needed"
        )
    return line


def read_privacy(table: Table) -> Privacy:
    """Read `[privacy]`; the patterns themselves are checked where they are used."""
    entries = table.any("redact", [])
    if not isinstance(entries, list) or len(entries) > MAX_PATTERNS:
        raise table.fail(
            f"`redact` is {kind_of(entries)}, a list of at most {MAX_PATTERNS} is needed"
        )
    checked = list(dict.fromkeys(_entry(table, one) for one in entries))
    region = table.text("region", Privacy().region)
    if len(region) != 2 or not (region.isascii() and region.isalpha() and region.isupper()):
        raise table.fail(f"`region` is {region[:20]!r}, a country in two letters is needed, as US")
    found = Privacy(
        texts=table.flag("texts", True),
        kinds=tuple(cast(PersonalKind, one) for one in checked if one in KINDS),
        patterns=tuple(one[1:-1] for one in checked if one not in KINDS),
        region=region,
    )
    table.done()
    return found


def _entry(table: Table, entry: Any) -> str:
    if isinstance(entry, str) and (entry in KINDS or _pattern(entry)):
        return entry
    shown = repr(entry[:60]) if isinstance(entry, str) else kind_of(entry)
    near = suggestion(entry, KINDS) if isinstance(entry, str) else f", known are {', '.join(KINDS)}"
    raise table.fail(f"`redact` names {shown}{near}; a pattern stands between slashes, /ACME-.*/")


def _pattern(entry: str) -> bool:
    return len(entry) > 2 and entry.startswith("/") and entry.endswith("/")


def read_tracker(table: Table) -> Tracker:
    """Read `[mlflow]`; without the section no run is logged there."""
    given = bool(table.raw)
    found = Tracker(
        uri=table.text("tracking_uri") if given else "",
        experiment=table.text("experiment", Tracker().experiment),
    )
    table.done()
    return found


def read_promotion(root: Path, table: Table) -> tuple[Path, ...]:
    """Read `[promotion]`: files of public keys, relative to the project or absolute."""
    given = bool(table.raw)
    names = table.any("keys", [])
    if not isinstance(names, list) or not all(isinstance(n, str) and n.strip() for n in names):
        raise table.fail('`keys` must be a list of files, such as ["lead.pub"]')
    if given and not names:
        raise table.fail("`keys` names no file, so nobody could decide; leave the section out")
    table.done()
    return tuple(root / name for name in names)
