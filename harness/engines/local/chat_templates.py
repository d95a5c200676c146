"""Render a base's chat template, a foreign program, under caps of size, time and memory.

A template that only walks over the turns and joins texts cannot run away. Any other is first tried
on the same turns in a separate process, which may be killed.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from harness.errors import WeightsError

if TYPE_CHECKING:
    from jinja2.nodes import Node

    from harness.engines.local.models import Tokenizer

_log = logging.getLogger(__name__)

MAX_TEMPLATE = 256 * 1024
"""Characters of a template; long templates of today have 20,000."""
MAX_PROMPT = 4 * 1024 * 1024
MAX_JOINS = 8
"""Assignments that join texts; each could double a text."""
SECONDS = 2.0
"""Time for a rendering, after the process has started."""
_START_SECONDS = 60.0
_MEGABYTES = 512
_CALLS = frozenset({"raise_exception", "strftime_now", "namespace"})
_METHODS = frozenset(
    ["strip", "lstrip", "rstrip", "startswith", "endswith", "split", "get", "items", "keys"]
)
_FILTERS = frozenset(
    [
        "trim",
        "tojson",
        "length",
        "count",
        "upper",
        "lower",
        "string",
        "first",
        "last",
        "default",
        "d",
        "selectattr",
        "rejectattr",
    ]
)
_CHILD = """
import json, sys
from transformers.utils.chat_template_utils import render_jinja_template as render
try:
    import resource
    pages = int(open("/proc/self/statm").read().split()[0])
    limit = pages * resource.getpagesize() + MEGABYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, OSError, ValueError):
    pass
print("ready", flush=True)
for line in sys.stdin:
    template, turns, tokens = json.loads(line)
    try:
        made, _ = render([turns], chat_template=template, add_generation_prompt=True, **tokens)
        said = len(made[0])
    except MemoryError:
        said = -1
    except Exception:
        said = 0
    print(said, flush=True)
"""


def rendered(tokenizer: Tokenizer, turns: list[dict[str, str]], ask: bool = True) -> str:
    """Render turns with the base's own template; refuse a template that runs away.

    `ask`: whether the assistant's turn is opened after them.
    """
    template = str(tokenizer.get_chat_template())
    if len(template) > MAX_TEMPLATE:
        raise WeightsError(
            f"the base's chat template has {len(template):,} characters,"
            f" at most {MAX_TEMPLATE:,} are read"
        )
    if not is_plain(template):
        _refuse_runaway(template, turns, dict(tokenizer.special_tokens_map))
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=ask)
    return str(text)


@lru_cache(maxsize=16)
def is_plain(template: str) -> bool:
    """Return whether a template can only walk over its input and join texts, once for each."""
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    try:
        tree = ImmutableSandboxedEnvironment(extensions=["jinja2.ext.loopcontrols"]).parse(template)
    except (TemplateError, RecursionError):
        return False
    found = list(_below(tree))
    return not any(map(_could_grow, found)) and sum(map(_grows, found)) <= MAX_JOINS


def _below(node: Node) -> Iterator[Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _below(child)


def _could_grow(node: Node) -> bool:
    """Return whether a node may make texts of unbounded size or run for long."""
    from jinja2 import nodes

    if isinstance(node, nodes.Mul | nodes.Pow | nodes.Mod | nodes.Macro | nodes.CallBlock):
        return True
    if isinstance(node, nodes.FilterBlock | nodes.AssignBlock | nodes.Include | nodes.Import):
        return True
    if isinstance(node, nodes.Filter):
        return node.name not in _FILTERS or (node.name == "tojson" and bool(node.kwargs))
    if isinstance(node, nodes.Call):
        called = node.node
        named = called.name in _CALLS if isinstance(called, nodes.Name) else False
        return not (named or (isinstance(called, nodes.Getattr) and called.attr in _METHODS))
    if isinstance(node, nodes.For):  # loops in loops, and texts that grow with every round
        return any(isinstance(one, nodes.For) or _grows(one) for one in node.find_all(nodes.Node))
    return False


def _grows(node: Node) -> bool:
    from jinja2 import nodes

    joins = (nodes.Add, nodes.Concat)
    return isinstance(node, nodes.Assign) and any(True for _ in node.find_all(joins))


def _refuse_runaway(template: str, turns: list[dict[str, str]], tokens: dict[str, str]) -> None:
    _log.info("the chat template is tried in a separate process: it is not plain")
    length = _sandbox().length(json.dumps([template, turns, tokens], default=str))
    if length is None:
        raise WeightsError(
            f"the base's chat template takes longer than {SECONDS:g} s for one prompt,"
            " give the base a template that ends"
        )
    if length < 0 or length > MAX_PROMPT:
        raise WeightsError(
            f"the base's chat template makes more than {MAX_PROMPT:,} characters of one prompt,"
            " give the base a shorter one"
        )


@lru_cache(maxsize=1)
def _sandbox() -> _Sandbox:
    return _Sandbox()


class _Sandbox:
    """A process that renders templates and may be killed; it ends with this process."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def length(self, line: str) -> int | None:
        """Return the length of the text; negative if memory ran out, None if time did."""
        if self._process is None:
            self._process = self._started()
        process = self._process
        assert process.stdin is not None
        process.stdin.write(line + "\n")
        process.stdin.flush()
        answer = self._answer(process, SECONDS)
        if not answer.strip():
            self._process = None  # it was killed; the next call starts another
            return None
        return int(answer)

    def _started(self) -> subprocess.Popen[str]:
        command = [
            sys.executable,
            "-W",
            "ignore",
            "-c",
            _CHILD.replace("MEGABYTES", str(_MEGABYTES)),
        ]
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
        )
        if self._answer(process, _START_SECONDS).strip() != "ready":
            raise WeightsError(
                "the base's chat template could not be tried in a process of its own, and it is"
                " not plain enough to be trusted; run the same command again"
            )
        return process

    @staticmethod
    def _answer(process: subprocess.Popen[str], seconds: float) -> str:
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        try:
            assert process.stdout is not None
            return process.stdout.readline()
        finally:
            timer.cancel()
