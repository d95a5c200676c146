"""A table of bad inputs: each a name, how it is made, the command, the exit code, the exact line.

| in | what is bad |
|---|---|
| `cases` | `cases.jsonl`: JSON that readers take for granted, what is no case, what is no file |
| `benchmarks` | `benchmark.toml`: TOML, margins, policies, templates, patterns |
| `settings` | `[tool.harness]`, the store's address, options |
| `scores` | score files for `judge` |
| `data` | training data, recipes, recorded outputs, reviews, imports, history |
| `adapters` | adapter folders, safetensors, bases, names |
| `state` | what the project wrote and somebody changed |

`python perf/bad_inputs.py` asks for every row in a process of its own, and prints what
it took in seconds and memory.
"""
