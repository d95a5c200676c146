"""Render chat templates, foreign programs, under caps of size, time and memory.

A template that only walks over the turns and joins texts cannot run away, and is rendered here. Any
other is rendered in a separate process, which may be killed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from harness.engines.local.template_sandbox import render_apart
from harness.errors import EngineFailed, WeightsError, reason
from harness.libraries import quiet_libraries

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.nodes import Node

MAX_TEMPLATE = 256 * 1024
"""Characters of a template; long templates of today have 20,000."""
MAX_JOINS = 8
"""Assignments that join texts; each could double a text."""
OF_TRANSFORMERS = re.compile(r"\b(dict|generation|namespace|strftime_now|tojson)\b")
"""Names that transformers adds to jinja2 and this module does not."""
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


def rendered(
    template: str,
    turns: Sequence[Mapping[str, str]],
    variables: Mapping[str, Any],
    ask: bool = True,
    whose: str = "the base's chat template",
) -> str:
    """Render turns with a template; refuse a template that runs away.

    `ask`: whether the assistant's turn is opened after them; `whose` names the template in errors.
    """
    if len(template) > MAX_TEMPLATE:
        raise WeightsError(
            f"{whose} has {len(template):,} characters, at most {MAX_TEMPLATE:,} are read"
        )
    if not is_plain(template):
        return render_apart(template, turns, variables, ask, whose)
    try:
        if OF_TRANSFORMERS.search(template):
            return _rendered_by_transformers(template, turns, variables, ask)
        return compiled(template).render(
            messages=turns, tools=None, documents=None, add_generation_prompt=ask, **variables
        )
    except Exception as problem:  # a template is a program, and some refuse some turns
        raise EngineFailed(f"{whose} does not take the prompt ({reason(problem)})") from problem


@lru_cache(maxsize=16)
def compiled(template: str) -> Template:
    """Compile a plain template, in the environment that transformers gives it."""
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise TemplateError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.globals["raise_exception"] = refuse
    return environment.from_string(template)


def _rendered_by_transformers(
    template: str, turns: Sequence[Mapping[str, str]], variables: Mapping[str, Any], ask: bool
) -> str:
    quiet_libraries()
    from transformers.utils.chat_template_utils import render_jinja_template

    given = [dict(turn) for turn in turns]
    made: Any = render_jinja_template(  # annotated as a text, but it is texts and their places
        [given], chat_template=template, add_generation_prompt=ask, **variables
    )
    return str(made[0][0])


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
