"""`[tool.harness]` in pyproject.toml, and the options that take precedence."""
# ruff: noqa: E501 - the lines are quoted exactly

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.fakes.project import SETTINGS, TinyProject
from tests.threats.row import Row, nothing, text

ASK = ("status",)


def row(name: str, make: Any, line: str = "", words: tuple[str, ...] = ASK, **more: Any) -> Row:
    return Row(f"settings: {name}", make, words, line, **more)


def file(content: str | bytes) -> Any:
    return text("pyproject.toml", content)


def added(more: str) -> Any:
    return file(SETTINGS + more)


def changed(old: str, new: str) -> Any:
    return file(SETTINGS.replace(old, new))


def pipe(project: TinyProject) -> None:
    (project.folder / "pyproject.toml").unlink()
    os.mkfifo(project.folder / "pyproject.toml")


def store(project: TinyProject) -> Path:
    return project.folder / "reports/harness.db"


def base(name: str, make: Any, line: str = "") -> Row:
    """Return a row whose command needs the base in order to look at an adapter."""

    def both(project: TinyProject) -> None:
        project.adapter("v1").write()
        make(project)

    return row(f"a base {name}", both, line, words=("doctor", "v1"))


EVALUATE = ("evaluate", "good")
DOCTOR = ("evaluate", "v1", "--engine", "transformers")
ROWS = [
    row(
        "no TOML",
        file("[tool.harness\n"),
        line="HERE/pyproject.toml:1: is not TOML (Expected ']' at the end of a table declaration (at line 1, column 14))",
    ),
    row(
        "a key that stands twice",
        added('base = "x"\n'),
        line="HERE/pyproject.toml:5: is not TOML (Cannot overwrite a value (at line 5, column 11))",
    ),
    row(
        "UTF-16",
        file(SETTINGS.encode("utf-16")),
        line="HERE/pyproject.toml:1: is UTF-16, save it as UTF-8",
    ),
    row(
        "more than a megabyte",
        added("#" * 1_100_000),
        line="HERE/pyproject.toml: 1,100,067 bytes, at most 1,048,576 are read",
    ),
    row(
        "no table",
        file("[tool]\nharness = 7\n"),
        line="HERE/pyproject.toml:2 [tool.harness]: is a number, a table of keys and values is needed",
    ),
    row(
        "no section",
        file("[tool.other]\n"),
        line="HERE: no pyproject.toml with [tool.harness] here or above, add one with at least `base` (`lora-harness init` writes one)",
    ),
    row(
        "nothing at all",
        file(""),
        line="HERE: no pyproject.toml with [tool.harness] here or above, add one with at least `base` (`lora-harness init` writes one)",
    ),
    row(
        "a tool that is no table",
        file("tool = 7\n"),
        line="HERE: no pyproject.toml with [tool.harness] here or above, add one with at least `base` (`lora-harness init` writes one)",
    ),
    row(
        "a pipe where a file should be",
        pipe,
        line="HERE/pyproject.toml: is not a regular file (a pipe or device), a file is needed",
    ),
    row(
        "no base",
        changed('base = "base"\n', ""),
        line="HERE/pyproject.toml:1 [tool.harness]: `base` is missing, a text is needed",
    ),
    row(
        "a base that is a number",
        changed('"base"', "7"),
        line="HERE/pyproject.toml:2 [tool.harness]: `base` is a number, a text is needed",
    ),
    row(
        "a base that is empty",
        changed('"base"', '""'),
        line="HERE/pyproject.toml:2 [tool.harness]: `base` is empty, a text is needed",
    ),
    row(
        "an unknown key",
        added('embeder = "none"\n'),
        line="HERE/pyproject.toml:5 [tool.harness]: unknown key `embeder`, did you mean `embedder`?",
    ),
    row(
        "an unknown table",
        added("\n[tool.harness.generatoin]\nseed = 1\n"),
        line="HERE/pyproject.toml:6 [tool.harness]: unknown key `generatoin`, did you mean `generation`?",
    ),
    row(
        "an unknown engine",
        changed('"recorded"', '"tranformers"'),
        words=EVALUATE,
        line="tranformers: no such engine, known are transformers, recorded, openai, ray",
    ),
    row(
        "an engine with a line feed",
        changed('"recorded"', '"a\\nb"'),
        words=EVALUATE,
        line="a\\nb: no such engine, known are transformers, recorded, openai, ray",
    ),
    row(
        "a store of an unknown kind",
        added('store = "mysql://x/y"\n'),
        line="the store mysql: no such kind of store, known are sqlite, postgresql+psycopg",
    ),
    row(
        "a store that is no URL",
        added('store = "reports/harness.db"\n'),
        line="the store must be a URL such as sqlite:///reports/harness.db",
    ),
    row(
        "a store with a password that is no URL",
        added('store = "postgres//me:secret@host/db"\n'),
        line="the store must be a URL such as sqlite:///reports/harness.db",
    ),
    row(
        "benchmarks that are not there",
        added('benchmarks = "benchmark"\n'),
        words=EVALUATE,
        line="HERE/benchmark: no such folder, the benchmarks are looked for there",
    ),
    row(
        "benchmarks with a NUL",
        added('benchmarks = "a\\u0000b"\n'),
        words=EVALUATE,
        line="HERE/pyproject.toml:5 [tool.harness]: `benchmarks` holds a NUL character, texts have none",
    ),
    row(
        "benchmarks with a name of 300 letters",
        added(f'benchmarks = "{"x" * 300}"\n'),
        words=EVALUATE,
        line="HERE/pyproject.toml:5 [tool.harness]: `benchmarks` has a name of more than 255 bytes, no folder has",
    ),
    row(
        "adapters with a NUL",
        added('adapters = "a\\u0000b"\n'),
        words=DOCTOR,
        line="HERE/pyproject.toml:5 [tool.harness]: `adapters` holds a NUL character, texts have none",
    ),
    row(
        "reports with a NUL",
        added('reports = "a\\u0000b"\n'),
        words=EVALUATE,
        line="HERE/pyproject.toml:5 [tool.harness]: `reports` holds a NUL character, texts have none",
    ),
    row(
        "reports that are a file",
        added('reports = "pyproject.toml"\n'),
        words=EVALUATE,
        line="HERE/pyproject.toml/.locks: cannot be written (Not a directory)",
        code=11,
    ),
    row(
        "a store in a file that is none",
        lambda p: text("reports/harness.db", "no database" * 99)(p),
        line="the store sqlite:///HERE/reports/harness.db failed (file is not a database); name another file as `store`, or move this one away",
        code=11,
    ),
    row(
        "a store in a folder",
        lambda p: (store(p).unlink(), store(p).mkdir()),
        line="the store sqlite:///HERE/reports/harness.db failed (unable to open database file); name a file as `store`, in a folder that can be written",
        code=11,
    ),
    row(
        "a store in a pipe",
        lambda p: (store(p).unlink(), os.mkfifo(store(p))),
        line="the store sqlite:///HERE/reports/harness.db failed (disk I/O error); run the same command again",
        code=11,
    ),
    row(
        "tokens without end",
        added("\n[tool.harness.generation]\nmax_new_tokens = 1e9\n"),
        line="HERE/pyproject.toml:7 [tool.harness] [generation]: `max_new_tokens` is a number, a whole number is needed",
    ),
    row(
        "a seed of 40 digits",
        added("\n[tool.harness.generation]\nseed = " + "9" * 40 + "\n"),
        line="HERE/pyproject.toml:7 [tool.harness] [generation]: `seed` is 9999999999999999999999999999999999999999, allowed are 0 to 2147483647",
    ),
    row(
        "seconds of 0",
        added("\n[tool.harness.generation]\nmax_seconds = 0\n"),
        line="HERE/pyproject.toml:7 [tool.harness] [generation]: `max_seconds` is 0, allowed are 0.1 to 86400",
    ),
    row(
        "seconds without end",
        added("\n[tool.harness.generation]\nmax_seconds = inf\n"),
        line="HERE/pyproject.toml:7 [tool.harness] [generation]: `max_seconds` is inf, allowed are 0.1 to 86400",
    ),
    row(
        "samples without a temperature",
        added("\n[tool.harness.generation]\nsamples = 4\n"),
        line="HERE/pyproject.toml:7 [tool.harness] [generation]: `samples` above 1 needs a `temperature` above 0: greedy samples are equal",
    ),
    row(
        "what to redact as a text",
        added('\n[tool.harness.privacy]\nredact = "email"\n'),
        line="HERE/pyproject.toml:7 [tool.harness] [privacy]: `redact` is a text, a list of at most 100 is needed",
    ),
    row(
        "what to redact that nobody knows",
        added('\n[tool.harness.privacy]\nredact = ["emial"]\n'),
        line="HERE/pyproject.toml:7 [tool.harness] [privacy]: `redact` names 'emial', did you mean `email`?; a pattern stands between slashes, /ACME-.*/",
    ),
    row(
        "a region of three letters",
        added('\n[tool.harness.privacy]\nregion = "USA"\n'),
        line="HERE/pyproject.toml:7 [tool.harness] [privacy]: `region` is 'USA', a country in two letters is needed, as US",
    ),
    row(
        "a cluster with an unknown key",
        added("\n[tool.harness.ray]\nadress = 1\n"),
        line="HERE/pyproject.toml:7 [tool.harness] [ray]: unknown key `adress`, known are actors, cores, patience, shared",
    ),
    row(
        "a tracker that is a list",
        added("mlflow = []\n"),
        line="HERE/pyproject.toml:5 [tool.harness] [mlflow]: is a list, a table of keys and values is needed",
    ),
    row(
        "a server with a password",
        added('\n[tool.harness.openai]\nurl = "http://me:secret@host/v1"\n'),
        line="HERE/pyproject.toml:6 [tool.harness] [openai]: `url` holds a name or password; a key belongs in the environment, see `key`",
    ),
    row(
        "a server with a query",
        added('\n[tool.harness.openai]\nurl = "http://host/v1?key=secret"\n'),
        line="HERE/pyproject.toml:6 [tool.harness] [openai]: `url` ends in a query, which may hold a secret; a key belongs in the environment",
    ),
    row(
        "a server that is no address",
        added('\n[tool.harness.openai]\nurl = "file:///etc/passwd"\n'),
        line="HERE/pyproject.toml:6 [tool.harness] [openai]: `url` must be http or https with a host, such as http://127.0.0.1:8000/v1",
    ),
    row(
        "a server on port 99999",
        added('\n[tool.harness.openai]\nurl = "http://host:99999/v1"\n'),
        line="HERE/pyproject.toml:6 [tool.harness] [openai]: `url` is no address, one is http://127.0.0.1:8000/v1",
    ),
    row(
        "a key in place of its name",
        added('\n[tool.harness.openai]\nkey = "sk-abc"\n'),
        line="HERE/pyproject.toml:7 [tool.harness] [openai]: `key` must be the name of an environment variable, never the key itself",
    ),
    row(
        "a million requests at once",
        added("\n[tool.harness.openai]\nconcurrency = 1000000\n"),
        line="HERE/pyproject.toml:7 [tool.harness] [openai]: `concurrency` is 1000000, allowed are 1 to 1024",
    ),
    row(
        "a timeout of 0",
        added("\n[tool.harness.openai]\ntimeout = 0\n"),
        line="HERE/pyproject.toml:7 [tool.harness] [openai]: `timeout` is 0, allowed are 0.1 to 86400",
    ),
    row(
        "a line above 1",
        added(
            "\n[tool.harness.monitor.openers]\nedit_rate = { acceptable = 0.2, retrain = 1.5 }\n"
        ),
        line="HERE/pyproject.toml:7 [tool.harness] [monitor] [openers] [edit_rate]: `retrain` is 1.5, allowed are 0.001 to 0.99",
    ),
    row(
        "a line of nan",
        added(
            "\n[tool.harness.monitor.openers]\nedit_rate = { acceptable = nan, retrain = 0.3 }\n"
        ),
        line="HERE/pyproject.toml:7 [tool.harness] [monitor] [openers] [edit_rate]: `acceptable` is nan, allowed are 0.001 to 0.99",
    ),
    row(
        "a line below what is acceptable",
        added(
            "\n[tool.harness.monitor.openers]\nedit_rate = { acceptable = 0.3, retrain = 0.2 }\n"
        ),
        line="HERE/pyproject.toml:7 [tool.harness] [monitor] [openers] [edit_rate]: `retrain` is 0.2, above `acceptable` (0.3) is needed",
    ),
    row(
        "a line for a path",
        added('\n[tool.harness.monitor."../x"]\nedit_rate = { acceptable = 0.1, retrain = 0.2 }\n'),
        line="HERE/pyproject.toml:1 [tool.harness] [monitor]: '../x' is not a name: a name is a-z, 0-9, `.`, `_`, `-`, up to 64 of them",
    ),
    base(
        "that is not there",
        changed('"base"', '"./bose"'),
        line="./bose: no such file or folder (looked at HERE/bose)",
    ),
    base(
        "with a NUL",
        changed('"base"', '"a\\u0000b"'),
        line="HERE/pyproject.toml:2 [tool.harness]: `base` holds a NUL character, texts have none",
    ),
    row(
        "a base in a package that is not there",
        changed('"base"', '"package:no_such/x.gguf"'),
        words=("doctor", "v1"),
        line="v1: no such adapter under HERE/adapters",
    ),
    row(
        "a base out of its package",
        changed('"base"', '"package:json/../../x"'),
        words=("doctor", "v1"),
        line="v1: no such adapter under HERE/adapters",
    ),
    base(
        "that is a file",
        changed('"base"', '"pyproject.toml"'),
        line="pyproject.toml: a file must be a .gguf, else name the folder it is in",
    ),
    row(
        "an unknown command",
        nothing,
        words=("evalute",),
        line="evalute: no such command, did you mean `evaluate`?",
    ),
    row(
        "an unknown option",
        nothing,
        words=("status", "--jsno"),
        line="--jsno: no such option, did you mean `--json`? (see --help)",
    ),
    row(
        "an option without its value",
        nothing,
        words=("status", "--store"),
        line="Option '--store' requires an argument. (see --help)",
    ),
    row(
        "a command without its name",
        nothing,
        words=("evaluate",),
        line="Missing argument 'NAME'. (see --help)",
    ),
    row(
        "samples that are a word",
        nothing,
        words=("evaluate", "good", "--samples", "many"),
        line="Invalid value for '--samples': 'many' is not a valid integer range. (see --help)",
    ),
    row(
        "65 samples",
        nothing,
        words=("evaluate", "good", "--samples", "65"),
        line="Invalid value for '--samples': 65 is not in the range 1<=x<=64. (see --help)",
    ),
    row(
        "a benchmark that is a path",
        nothing,
        words=("evaluate", "good", "--benchmark", "../openers"),
        line="../openers: no such benchmark, did you mean `openers`?",
    ),
    row(
        "a benchmark that is not there",
        nothing,
        words=("evaluate", "good", "--benchmark", "opener"),
        line="opener: no such benchmark, did you mean `openers`?",
    ),
    row(
        "an engine at an address with a password",
        nothing,
        words=("evaluate", "good", "--engine", "openai:http://a:b@c"),
        line="the address after `openai:` holds a name or password; a key belongs in the environment, see `key`",
    ),
    row(
        "recorded outputs out of the project",
        nothing,
        words=("evaluate", "good", "--engine", "recorded:../away"),
        line="HERE/../away/good: no recorded outputs, one <benchmark>.jsonl is needed",
    ),
    row(
        "a store of an unknown kind on the command line",
        nothing,
        words=("status", "--store", "mongodb://me:secret@host/db"),
        line="the store mongodb: no such kind of store, known are sqlite, postgresql+psycopg",
    ),
]
