"""`[tool.harness]` in pyproject.toml, and the options that go before it."""

from __future__ import annotations

import os
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


EVALUATE = ("evaluate", "good")
DOCTOR = ("evaluate", "v1", "--engine", "transformers")
ROWS = [
    row("no TOML", file("[tool.harness\n")),
    row("a key that stands twice", added('base = "x"\n')),
    row("UTF-16", file(SETTINGS.encode("utf-16"))),
    row("more than a megabyte", added("#" * 1_100_000)),
    row("no table", file("[tool]\nharness = 7\n")),
    row("no section", file("[tool.other]\n")),
    row("nothing at all", file("")),
    row("a tool that is no table", file("tool = 7\n")),
    row("a pipe where a file should be", pipe),
    row("no base", changed('base = "base"\n', "")),
    row("a base that is a number", changed('"base"', "7")),
    row("a base that is empty", changed('"base"', '""')),
    row("an unknown key", added('embeder = "none"\n')),
    row("an unknown table", added("\n[tool.harness.generatoin]\nseed = 1\n")),
    row("an unknown engine", changed('"recorded"', '"tranformers"'), words=EVALUATE),
    row("an engine with a line feed", changed('"recorded"', '"a\\nb"'), words=EVALUATE),
    row("a store of an unknown kind", added('store = "mysql://x/y"\n')),
    row("a store that is no URL", added('store = "reports/harness.db"\n')),
    row("a store with a password that is no URL", added('store = "postgres//me:secret@host/db"\n')),
    row("benchmarks that are not there", added('benchmarks = "benchmark"\n'), words=EVALUATE),
    row("benchmarks with a NUL", added('benchmarks = "a\\u0000b"\n'), words=EVALUATE),
    row("benchmarks with a name of 300 letters", added(f'benchmarks = "{"x" * 300}"\n'), words=EVALUATE),
    row("adapters with a NUL", added('adapters = "a\\u0000b"\n'), words=DOCTOR),
    row("reports with a NUL", added('reports = "a\\u0000b"\n'), words=EVALUATE),
    row("reports that are a file", added('reports = "pyproject.toml"\n'), words=EVALUATE),
    row("a store in a file that is none", lambda p: (text("reports/harness.db", "no database" * 99)(p))),
    row("a store in a folder", lambda p: (p.folder / "reports/harness.db").mkdir(parents=True)),
    row("a store in a pipe", lambda p: ((p.folder / "reports").mkdir(exist_ok=True), os.mkfifo(p.folder / "reports/harness.db"))),
    row("tokens without end", added("\n[tool.harness.generation]\nmax_new_tokens = 1e9\n")),
    row("a seed of 40 digits", added("\n[tool.harness.generation]\nseed = " + "9" * 40 + "\n")),
    row("seconds of 0", added("\n[tool.harness.generation]\nmax_seconds = 0\n")),
    row("seconds without end", added("\n[tool.harness.generation]\nmax_seconds = inf\n")),
    row("samples without a temperature", added("\n[tool.harness.generation]\nsamples = 4\n")),
    row("a server with a password", added('\n[tool.harness.openai]\nurl = "http://me:secret@host/v1"\n')),
    row("a server with a query", added('\n[tool.harness.openai]\nurl = "http://host/v1?key=secret"\n')),
    row("a server that is no address", added('\n[tool.harness.openai]\nurl = "file:///etc/passwd"\n')),
    row("a server on port 99999", added('\n[tool.harness.openai]\nurl = "http://host:99999/v1"\n')),
    row("a key in place of its name", added('\n[tool.harness.openai]\nkey = "sk-abc"\n')),
    row("a million requests at once", added("\n[tool.harness.openai]\nconcurrency = 1000000\n")),
    row("a timeout of 0", added("\n[tool.harness.openai]\ntimeout = 0\n")),
    row("a line above 1", added("\n[tool.harness.monitor.openers]\nedit_rate = { acceptable = 0.2, retrain = 1.5 }\n")),
    row("a line of nan", added("\n[tool.harness.monitor.openers]\nedit_rate = { acceptable = nan, retrain = 0.3 }\n")),
    row("a line below what is acceptable", added("\n[tool.harness.monitor.openers]\nedit_rate = { acceptable = 0.3, retrain = 0.2 }\n")),
    row("a line for a path", added('\n[tool.harness.monitor."../x"]\nedit_rate = { acceptable = 0.1, retrain = 0.2 }\n')),
    row("a base that is not there", changed('"base"', '"./bose"'), words=("doctor", "v1")),
    row("a base with a NUL", changed('"base"', '"a\\u0000b"'), words=("doctor", "v1")),
    row("a base in a package that is not there", changed('"base"', '"package:no_such/x.gguf"'), words=("doctor", "v1")),
    row("a base out of its package", changed('"base"', '"package:json/../../x"'), words=("doctor", "v1")),
    row("a base that is a file", changed('"base"', '"pyproject.toml"'), words=("doctor", "v1")),
    row("an unknown command", nothing, words=("evalute",)),
    row("an unknown option", nothing, words=("status", "--jsno")),
    row("an option without its value", nothing, words=("status", "--store")),
    row("a command without its name", nothing, words=("evaluate",)),
    row("samples that are a word", nothing, words=("evaluate", "good", "--samples", "many")),
    row("65 samples", nothing, words=("evaluate", "good", "--samples", "65")),
    row("a benchmark that is a path", nothing, words=("evaluate", "good", "--benchmark", "../openers")),
    row("a benchmark that is not there", nothing, words=("evaluate", "good", "--benchmark", "opener")),
    row("an engine at an address with a password", nothing, words=("evaluate", "good", "--engine", "openai:http://a:b@c")),
    row("recorded outputs out of the project", nothing, words=("evaluate", "good", "--engine", "recorded:../away")),
    row("a store of an unknown kind on the command line", nothing, words=("status", "--store", "mongodb://me:secret@host/db")),
    row("a store that is empty on the command line", nothing, words=("status", "--store", "")),
]
