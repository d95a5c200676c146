"""`benchmark.toml`: TOML that breaks its reader, and settings that mean nothing."""

from __future__ import annotations

import os
from typing import Any

from tests.fakes.project import BENCHMARK, TinyProject
from tests.threats.row import Row, text

FILE = "benchmarks/openers/benchmark.toml"
ASK = ("evaluate", "good", "--benchmark", "openers")


def row(name: str, make: Any, line: str = "", **more: Any) -> Row:
    return Row(f"benchmark: {name}", make, ASK, line, **more)


def added(more: str) -> Any:
    """The sound benchmark with more lines below it."""
    return text(FILE, BENCHMARK + more)


def before(more: str) -> Any:
    """The sound benchmark with more lines above it."""
    return text(FILE, more + BENCHMARK)


def changed(old: str, new: str) -> Any:
    return text(FILE, BENCHMARK.replace(old, new))


def gate(margin: str) -> Any:
    return changed("margin = 0.05", f"margin = {margin}")


def policy(what: str) -> Any:
    return added(f"\n[policy]\n{what}\n")


def pipe(project: TinyProject) -> None:
    (project.folder / FILE).unlink()
    os.mkfifo(project.folder / FILE)


def endless(project: TinyProject) -> None:
    os.truncate(project.folder / FILE, 10_000_000_000)


ROWS = [
    row("no TOML", text(FILE, "name = \n")),
    row("a key that stands twice", before('name = "openers"\n')),
    row("a table that stands twice", added("[metrics.edit_similarity]\n")),
    row("UTF-16", text(FILE, BENCHMARK.encode("utf-16"))),
    row("Latin-1", text(FILE, 'name = "é"\n'.encode("latin-1"))),
    row("a NUL", text(FILE, 'name = "\0"\n')),
    row("an integer of 5,000 digits", before("x = " + "9" * 5000 + "\n")),
    row("an integer of 50 digits", before("x = " + "9" * 50 + "\n")),
    row("an integer of 5,000 hexadecimal digits", before("x = 0x" + "f" * 5000 + "\n")),
    row("100,000 levels of lists", before("x = " + "[" * 100_000 + "]" * 100_000 + "\n")),
    row("100,000 levels of tables", before("x = " + "{a=" * 100_000 + "1" + "}" * 100_000 + "\n")),
    row("a key of 100,000 parts", before(".".join("a" * 100_000) + " = 1\n")),
    row("a table of 100,000 parts", added("[" + ".".join("a" * 100_000) + "]\n")),
    row("a key of 100 quoted parts", before(".".join(['"a"'] * 100) + " = 1\n")),
    row("more than a megabyte", added("#" * 1_100_000)),
    row("a pipe where a file should be", pipe),
    row("10 GB in one line", endless),
    row("another name than its folder", changed('name = "openers"', 'name = "other"')),
    row("a name that is a path", changed('name = "openers"', 'name = "../openers"')),
    row("a task that is a path", changed('task = "openers"', 'task = "../x"')),
    row("a task that is empty", changed('task = "openers"', 'task = ""')),
    row("a task and a guard at once", before("guard = true\n")),
    row("neither task nor guard", changed('task = "openers"\n', "")),
    row("a template that reaches for attributes", changed("{input}", "{input.__class__}")),
    row("a template that reaches for items", changed("{input}", "{input[0]}")),
    row("a template that formats", changed("{input}", "{input!r:>1000000000}")),
    row("a template without an input", changed("{input}", "")),
    row("a template with another name", changed("{input}", "{imput}")),
    row("a template with an empty name", changed("{input}", "{}")),
    row("a template that is a list", changed('"Write: {input}"', '["{input}"]')),
    row("a margin of 0", gate("0")),
    row("a negative margin", gate("-0.05")),
    row("a margin of 1", gate("1")),
    row("a margin above 1", gate("5")),
    row("a margin of nan", gate("nan")),
    row("a margin of inf", gate("inf")),
    row("a margin of -inf", gate("-inf")),
    row("a margin of 1e999", gate("1e999")),
    row("a margin that is a text", gate('"0.05"')),
    row("a margin that is true", gate("true")),
    row("a margin that is a date", gate("2026-01-01")),
    row("a margin for what is only shown", changed('role = "gate"', 'role = "report"')),
    row("a role that is none", changed('role = "gate"', 'role = "judge"')),
    row("a metric that nobody knows", added("\n[metrics.taste]\nmargin = 0.1\n")),
    row("a metric that is a number", before("metrics = 7\n[x]\n")),
    row("a metric named with a line feed", added('\n[metrics."a\\nb"]\nmargin = 0.1\n')),
    row("an unknown key", before("tempalte = 'x'\n")),
    row("an unknown key of a metric", added('wieght = 3\n')),
    row("examples that are a text", before('examples = "x"\n')),
    row("an example without an output", added('\n[[examples]]\ninput = "x"\n')),
    row("an example with more", added('\n[[examples]]\ninput = "x"\noutput = "y"\nwhy = "z"\n')),
    row("a policy that nobody knows", policy("aplha = 0.1")),
    row("an alpha of 0", policy("alpha = 0")),
    row("an alpha of 1", policy("alpha = 1")),
    row("an alpha of nan", policy("alpha = nan")),
    row("an alpha that is true", policy("alpha = true")),
    row("slices drawn 10**12 times", policy("slice_draws = 1000000000000")),
    row("sign flips of 60 cases counted out", policy("slice_exact = 60")),
    row("a reuse that is a list", policy('reuse = ["count"]')),
    row("a seed below 0", policy("seed = -1")),
    row("a number of cases that is a fraction", policy("min_cases = 5.5")),
    row("tokens without end", added("\n[generation]\nmax_new_tokens = 1000000000\n")),
    row("0 tokens", added("\n[generation]\nmax_new_tokens = 0\n")),
    row("a batch of a million", added("\n[generation]\nbatch = 1000000\n")),
    row("a temperature of nan", added("\n[generation]\ntemperature = nan\n")),
    row("several samples without a temperature", added("\n[generation]\nsamples = 8\n")),
    row("a dtype that is none", added('\n[generation]\ndtype = "int4"\n')),
    row("an unknown key of the generation", added("\n[generation]\ntop_p = 0.9\n")),
    row("a catastrophic pattern that does not compile", added('\n[checks]\nmatches = "(a+"\n')),
    row("a pattern unrolled 10**9 times", added('\n[checks]\nmatches = "(a{99999}){99999}"\n')),
    row("a check that nobody knows", added("\n[checks]\nmax_word = 3\n")),
    row("words without number", added('\n[checks]\nmax_words = "20"\n')),
    row("terms without forms", added("\n[checks.terms]\nAcme = []\n")),
]
