"""`benchmark.toml`: TOML that breaks its reader, and settings without meaning."""
# ruff: noqa: E501 - the lines are quoted exactly

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
    """Return the sound benchmark with more lines below it."""
    return text(FILE, BENCHMARK + more)


def before(more: str) -> Any:
    """Return the sound benchmark with more lines above it."""
    return text(FILE, more + BENCHMARK)


def changed(old: str, new: str) -> Any:
    return text(FILE, BENCHMARK.replace(old, new))


def gate(margin: str) -> Any:
    return changed("margin = 0.08", f"margin = {margin}")


def policy(what: str) -> Any:
    return added(f"\n[policy]\n{what}\n")


def pipe(project: TinyProject) -> None:
    (project.folder / FILE).unlink()
    os.mkfifo(project.folder / FILE)


def endless(project: TinyProject) -> None:
    os.truncate(project.folder / FILE, 10_000_000_000)


ROWS = [
    row(
        "no TOML",
        text(FILE, "name = \n"),
        line="HERE/benchmarks/openers/benchmark.toml:1: is not TOML (Invalid value (at line 1, column 8))",
    ),
    row(
        "a key that stands twice",
        before('name = "openers"\n'),
        line="HERE/benchmarks/openers/benchmark.toml:2: is not TOML (Cannot overwrite a value (at line 2, column 17))",
    ),
    row(
        "a table that stands twice",
        added("[metrics.edit_similarity]\n"),
        line="HERE/benchmarks/openers/benchmark.toml:14: is not TOML (Cannot declare ('metrics', 'edit_similarity') twice (at line 14, column 25))",
    ),
    row(
        "UTF-16",
        text(FILE, BENCHMARK.encode("utf-16")),
        line="HERE/benchmarks/openers/benchmark.toml:1: is UTF-16, save it as UTF-8",
    ),
    row(
        "Latin-1",
        text(FILE, 'name = "é"\n'.encode("latin-1")),
        line="HERE/benchmarks/openers/benchmark.toml:1: is not UTF-8, save it as UTF-8",
    ),
    row(
        "a NUL",
        text(FILE, 'name = "\0"\n'),
        line="HERE/benchmarks/openers/benchmark.toml:1: is not TOML (Illegal character '\\x00' (at line 1, column 9))",
    ),
    row(
        "an integer of 5,000 digits",
        before("x = " + "9" * 5000 + "\n"),
        line="HERE/benchmarks/openers/benchmark.toml:1: holds a number of more than 40 digits, shorter ones are read",
    ),
    row(
        "an integer of 50 digits",
        before("x = " + "9" * 50 + "\n"),
        line="HERE/benchmarks/openers/benchmark.toml:1: holds a number of more than 40 digits, shorter ones are read",
    ),
    row(
        "an integer of 5,000 hexadecimal digits",
        before("x = 0x" + "f" * 5000 + "\n"),
        line="HERE/benchmarks/openers/benchmark.toml:1: holds a number of more than 40 digits, shorter ones are read",
    ),
    row(
        "100,000 levels of lists",
        before("x = " + "[" * 100_000 + "]" * 100_000 + "\n"),
        line="HERE/benchmarks/openers/benchmark.toml:1: is nested deeper than 64 levels",
    ),
    row(
        "100,000 levels of tables",
        before("x = " + "{a=" * 100_000 + "1" + "}" * 100_000 + "\n"),
        line="HERE/benchmarks/openers/benchmark.toml:1: is nested deeper than 64 levels",
    ),
    row(
        "a key of 100,000 parts",
        before(".".join("a" * 100_000) + " = 1\n"),
        line="HERE/benchmarks/openers/benchmark.toml:1: a key of 64 parts or more, fewer are read",
    ),
    row(
        "a table of 100,000 parts",
        added("[" + ".".join("a" * 100_000) + "]\n"),
        line="HERE/benchmarks/openers/benchmark.toml:14: a key of 64 parts or more, fewer are read",
    ),
    row(
        "a key of 100 quoted parts",
        before(".".join(['"a"'] * 100) + " = 1\n"),
        line="HERE/benchmarks/openers/benchmark.toml:1: a key of 64 parts or more, fewer are read",
    ),
    row(
        "more than a megabyte",
        added("#" * 1_100_000),
        line="HERE/benchmarks/openers/benchmark.toml: 1,100,247 bytes, at most 1,048,576 are read",
    ),
    row(
        "a pipe where a file should be",
        pipe,
        line="HERE/benchmarks/openers/benchmark.toml: is not a regular file (a pipe or device), a file is needed",
    ),
    row(
        "10 GB in one line",
        endless,
        line="HERE/benchmarks/openers/benchmark.toml: 10,000,000,000 bytes, at most 1,048,576 are read",
    ),
    row(
        "another name than its folder",
        changed('name = "openers"', 'name = "other"'),
        line="HERE/benchmarks/openers/benchmark.toml:1: `name` is 'other' but the folder is 'openers', make them equal",
    ),
    row(
        "a name that is a path",
        changed('name = "openers"', 'name = "../openers"'),
        line="HERE/benchmarks/openers/benchmark.toml:1: `name` is '../openers' but the folder is 'openers', make them equal",
    ),
    row(
        "a task that is a path",
        changed('task = "openers"', 'task = "../x"'),
        line="HERE/benchmarks/openers/benchmark.toml:2: `task` '../x' is not a name: a name is a-z, 0-9, `.`, `_`, `-`, up to 64 of them",
    ),
    row(
        "a task that is empty",
        changed('task = "openers"', 'task = ""'),
        line="HERE/benchmarks/openers/benchmark.toml:2: `task` is empty, a text is needed",
    ),
    row(
        "a task and a guard at once",
        before("guard = true\n"),
        line='HERE/benchmarks/openers/benchmark.toml:1: needs either `task = "..."` or `guard = true`',
    ),
    row(
        "neither task nor guard",
        changed('task = "openers"\n', ""),
        line='HERE/benchmarks/openers/benchmark.toml:1: needs either `task = "..."` or `guard = true`',
    ),
    row(
        "a template that reaches for attributes",
        changed("{input}", "{input.__class__}"),
        line="HERE/benchmarks/openers/benchmark.toml:5: `template` has {input.__class__}, allowed are {input} and {context}",
    ),
    row(
        "a template that reaches for items",
        changed("{input}", "{input[0]}"),
        line="HERE/benchmarks/openers/benchmark.toml:5: `template` has {input[0]}, allowed are {input} and {context}",
    ),
    row(
        "a template that formats",
        changed("{input}", "{input!r:>1000000000}"),
        line="HERE/benchmarks/openers/benchmark.toml:5: `template` has {input!r:>1000000000}, allowed are {input} and {context}",
    ),
    row(
        "a template without an input",
        changed("{input}", ""),
        line="HERE/benchmarks/openers/benchmark.toml:5: `template` has no {input}, every case would get the same prompt",
    ),
    row(
        "a template with another name",
        changed("{input}", "{imput}"),
        line="HERE/benchmarks/openers/benchmark.toml:5: `template` has {imput}, allowed are {input} and {context}",
    ),
    row(
        "a template with an empty name",
        changed("{input}", "{}"),
        line="HERE/benchmarks/openers/benchmark.toml:5: `template` has {}, allowed are {input} and {context}",
    ),
    row(
        "a template that is a list",
        changed('"Write: {input}"', '["{input}"]'),
        line="HERE/benchmarks/openers/benchmark.toml:5: `template` is a list, a text is needed",
    ),
    row(
        "a margin of 0",
        gate("0"),
        line="HERE/benchmarks/openers/benchmark.toml:9 [metrics] [ideal_likelihood]: `margin` is 0, allowed is more than 0 and less than 1",
    ),
    row(
        "a negative margin",
        gate("-0.05"),
        line="HERE/benchmarks/openers/benchmark.toml:9 [metrics] [ideal_likelihood]: `margin` is -0.05, allowed are 0 to 1",
    ),
    row(
        "a margin of 1",
        gate("1"),
        line="HERE/benchmarks/openers/benchmark.toml:9 [metrics] [ideal_likelihood]: `margin` is 1, allowed is more than 0 and less than 1",
    ),
    row(
        "a margin above 1",
        gate("5"),
        line="HERE/benchmarks/openers/benchmark.toml:9 [metrics] [ideal_likelihood]: `margin` is 5, allowed are 0 to 1",
    ),
    row(
        "a margin of nan",
        gate("nan"),
        line="HERE/benchmarks/openers/benchmark.toml:9 [metrics] [ideal_likelihood]: `margin` is nan, allowed are 0 to 1",
    ),
    row(
        "a margin of inf",
        gate("inf"),
        line="HERE/benchmarks/openers/benchmark.toml:9 [metrics] [ideal_likelihood]: `margin` is inf, allowed are 0 to 1",
    ),
    row(
        "a margin of -inf",
        gate("-inf"),
        line="HERE/benchmarks/openers/benchmark.toml:9 [metrics] [ideal_likelihood]: `margin` is -inf, allowed are 0 to 1",
    ),
    row(
        "a margin of 1e999",
        gate("1e999"),
        line="HERE/benchmarks/openers/benchmark.toml:9 [metrics] [ideal_likelihood]: `margin` is inf, allowed are 0 to 1",
    ),
    row(
        "a margin that is a text",
        gate('"0.05"'),
        line="HERE/benchmarks/openers/benchmark.toml:9 [metrics] [ideal_likelihood]: `margin` is a text, a number is needed",
    ),
    row(
        "a margin that is true",
        gate("true"),
        line="HERE/benchmarks/openers/benchmark.toml:9 [metrics] [ideal_likelihood]: `margin` is true/false, a number is needed",
    ),
    row(
        "a margin that is a date",
        gate("2026-01-01"),
        line="HERE/benchmarks/openers/benchmark.toml:9 [metrics] [ideal_likelihood]: `margin` is a date or time, a number is needed",
    ),
    row(
        "a margin for what is only shown",
        changed('role = "gate"', 'role = "report"'),
        line="HERE/benchmarks/openers/benchmark.toml:9 [metrics] [ideal_likelihood]: `margin` is for gate and guard, a reported metric is only shown",
    ),
    row(
        "a role that is none",
        changed('role = "gate"', 'role = "judge"'),
        line="HERE/benchmarks/openers/benchmark.toml:8 [metrics] [ideal_likelihood]: `role` is 'judge', allowed are gate, guard, report",
    ),
    row(
        "a metric that nobody knows",
        added("\n[metrics.taste]\nmargin = 0.1\n"),
        line="benchmark openers: [metrics] taste: no such metric, known are clean_rate, consistency, edit_rate, edit_similarity, embedding_similarity, ideal_likelihood",
    ),
    row(
        "a metric that is a number",
        before("metrics = 7\n[x]\n"),
        line="HERE/benchmarks/openers/benchmark.toml:9: is not TOML (Cannot overwrite a value (at line 9, column 26))",
    ),
    row(
        "a metric named with a line feed",
        added('\n[metrics."a\\nb"]\nmargin = 0.1\n'),
        line="benchmark openers: [metrics] a\\nb: no such metric, known are clean_rate, consistency, edit_rate, edit_similarity, embedding_similarity, ideal_likelihood",
    ),
    row(
        "an unknown key",
        before("tempalte = 'x'\n"),
        line="HERE/benchmarks/openers/benchmark.toml:1: unknown key `tempalte`, did you mean `template`?",
    ),
    row(
        "an unknown key of a metric",
        added("wieght = 3\n"),
        line="HERE/benchmarks/openers/benchmark.toml:14 [metrics] [edit_similarity]: unknown key `wieght`, known are margin, role",
    ),
    row(
        "examples that are a text",
        before('examples = "x"\n'),
        line="HERE/benchmarks/openers/benchmark.toml:1: `examples` is not a list, write [[examples]] above each",
    ),
    row(
        "an example without an output",
        added('\n[[examples]]\ninput = "x"\n'),
        line="HERE/benchmarks/openers/benchmark.toml:15 [[examples]] 1: `output` is missing, a text is needed",
    ),
    row(
        "an example with more",
        added('\n[[examples]]\ninput = "x"\noutput = "y"\nwhy = "z"\n'),
        line="HERE/benchmarks/openers/benchmark.toml:18 [[examples]] 1: unknown key `why`, known are context, input, messages, output",
    ),
    row(
        "a policy that nobody knows",
        policy("aplha = 0.1"),
        line="HERE/benchmarks/openers/benchmark.toml:16 [policy]: unknown key `aplha`, did you mean `alpha`?",
    ),
    row(
        "an alpha of 0",
        policy("alpha = 0"),
        line="HERE/benchmarks/openers/benchmark.toml:15 [policy]: policy alpha is 0; a number between 0 and 0.5 is allowed (the default is 0.05)",
    ),
    row(
        "an alpha of 1",
        policy("alpha = 1"),
        line="HERE/benchmarks/openers/benchmark.toml:15 [policy]: policy alpha is 1; a number between 0 and 0.5 is allowed (the default is 0.05)",
    ),
    row(
        "an alpha of nan",
        policy("alpha = nan"),
        line="HERE/benchmarks/openers/benchmark.toml:15 [policy]: policy alpha is nan; a number between 0 and 0.5 is allowed (the default is 0.05)",
    ),
    row(
        "an alpha that is true",
        policy("alpha = true"),
        line="HERE/benchmarks/openers/benchmark.toml:15 [policy]: policy alpha is True; a number between 0 and 0.5 is allowed (the default is 0.05)",
    ),
    row(
        "slices drawn 10**12 times",
        policy("slice_draws = 1000000000000"),
        line="HERE/benchmarks/openers/benchmark.toml:15 [policy]: policy slice_draws is 1000000000000; a whole number from 1000 to 1e+06 is allowed (the default is 20000)",
    ),
    row(
        "sign flips of 60 cases counted out",
        policy("slice_exact = 60"),
        line="HERE/benchmarks/openers/benchmark.toml:15 [policy]: policy slice_exact is 60; a whole number from 1 to 16 is allowed (the default is 12)",
    ),
    row(
        "a reuse that is a list",
        policy('reuse = ["count"]'),
        line='HERE/benchmarks/openers/benchmark.toml:15 [policy]: policy reuse is [\'count\']; "count" and "spend" are allowed (the default is "count")',
    ),
    row(
        "a seed below 0",
        policy("seed = -1"),
        line="HERE/benchmarks/openers/benchmark.toml:15 [policy]: policy seed is -1; a whole number from 0 to 9.22337e+18 is allowed (the default is 0)",
    ),
    row(
        "a number of cases that is a fraction",
        policy("min_cases = 5.5"),
        line="HERE/benchmarks/openers/benchmark.toml:15 [policy]: policy min_cases is 5.5; a whole number from 2 to 1e+06 is allowed (the default is 5)",
    ),
    row(
        "tokens without end",
        added("\n[generation]\nmax_new_tokens = 1000000000\n"),
        line="HERE/benchmarks/openers/benchmark.toml:16 [generation]: `max_new_tokens` is 1000000000, allowed are 1 to 8192",
    ),
    row(
        "0 tokens",
        added("\n[generation]\nmax_new_tokens = 0\n"),
        line="HERE/benchmarks/openers/benchmark.toml:16 [generation]: `max_new_tokens` is 0, allowed are 1 to 8192",
    ),
    row(
        "a batch of a million",
        added("\n[generation]\nbatch = 1000000\n"),
        line="HERE/benchmarks/openers/benchmark.toml:16 [generation]: `batch` is 1000000, allowed are 1 to 1024",
    ),
    row(
        "a temperature of nan",
        added("\n[generation]\ntemperature = nan\n"),
        line="HERE/benchmarks/openers/benchmark.toml:16 [generation]: `temperature` is nan, allowed are 0 to 10",
    ),
    row(
        "several samples without a temperature",
        added("\n[generation]\nsamples = 8\n"),
        line="HERE/benchmarks/openers/benchmark.toml:16 [generation]: `samples` above 1 needs a `temperature` above 0: greedy samples are equal",
    ),
    row(
        "a dtype that is none",
        added('\n[generation]\ndtype = "int4"\n'),
        line="HERE/benchmarks/openers/benchmark.toml:16 [generation]: `dtype` is 'int4', allowed are auto, bfloat16, float16, float32",
    ),
    row(
        "an unknown key of the generation",
        added("\n[generation]\ntop_p = 0.9\n"),
        line="HERE/benchmarks/openers/benchmark.toml:16 [generation]: unknown key `top_p`, known are batch, dtype, max_new_tokens, max_seconds, samples, seed, temperature",
    ),
    row(
        "a catastrophic pattern that does not compile",
        added('\n[checks]\nmatches = "(a+"\n'),
        line="HERE/benchmarks/openers/benchmark.toml:15 [checks]: check matches: pattern '(a+' cannot be used: missing ) at position 3",
    ),
    row(
        "a pattern unrolled 10**9 times",
        added('\n[checks]\nmatches = "(a{99999}){99999}"\n'),
        line="HERE/benchmarks/openers/benchmark.toml:15 [checks]: check matches: pattern '(a{99999}){99999}' cannot be used: its repeat counts multiply to more than 10000",
    ),
    row(
        "a check that nobody knows",
        added("\n[checks]\nmax_word = 3\n"),
        line="HERE/benchmarks/openers/benchmark.toml:15 [checks]: unknown check 'max_word', allowed are contains, excludes, matches, max_words, min_words, json, terms, grounded",
    ),
    row(
        "words without number",
        added('\n[checks]\nmax_words = "20"\n'),
        line="HERE/benchmarks/openers/benchmark.toml:15 [checks]: check max_words: '20' given, allowed is a whole number from 1 to 1000000",
    ),
    row(
        "terms without forms",
        added("\n[checks.terms]\nAcme = []\n"),
        line="HERE/benchmarks/openers/benchmark.toml:1 [checks]: check terms: a list given, allowed is a text or a list of texts",
    ),
]
