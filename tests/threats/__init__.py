"""A table of bad inputs: each a name, its maker, the command, the exit code, the exact line.

| in | what is bad |
|---|---|
| `cases` | `cases.jsonl`: JSON that readers take for granted, lines that are no case |
| `benchmarks` | `benchmark.toml`: TOML, margins, policies, templates, patterns |
| `settings` | `[tool.harness]`, the store's address, options |
| `scores` | score files for `judge` |
| `data` | training data, recipes, recorded outputs, reviews, imports, history |
| `adapters` | adapter folders, safetensors, bases, names |
| `state` | files of the project that were changed by hand |
| `unforeseen` | absurd sizes, foreign bytes, what does not show |

`python perf/bad_inputs.py` runs every row in a new process, and prints its seconds
and memory.
"""
