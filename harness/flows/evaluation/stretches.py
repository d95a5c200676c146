"""A long order in stretches: some cases are written and weighed before the next are begun.

What an engine has read of a prompt while writing is still there when its ideals are weighed, and
what it holds at a time does not grow with the order. Each stretch is kept and resumed as any order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.engines.batches import STRETCH
from harness.flows.evaluation.generation import Heard, Writing
from harness.flows.evaluation.work import Order


def stretches(writing: Writing) -> Iterator[Writing]:
    """The same order, some of its cases at a time; progress counts outputs and ideals of all."""
    order = writing.order
    generation = order.benchmark.generation
    size = max(1, STRETCH * generation.batch // generation.samples)
    total, done = sum(_steps(order)), 0
    for start in range(0, len(order.cases), size):
        some = order.of(order.cases[start : start + size])
        texts, ideals = _steps(some)
        yield replace(writing, order=some, heard=_counted(writing.heard, done, texts, total))
        done += texts + ideals


def _steps(order: Order) -> tuple[int, int]:
    """Outputs to write and ideals to weigh; equal ones count once."""
    ideals = len(set(order.likelihoods.values())) if order.engine.likelihoods else 0
    return len(set(order.outputs.values())), ideals


def _counted(heard: Heard, before: int, texts: int, total: int) -> Heard:
    """A stretch's own count as part of the whole: its ideals come after its texts."""

    def told(step: str, done: int, of: int) -> None:
        weighing = step.endswith("weighing ideals")
        heard(step, min(before + done + texts * weighing, total), total)

    return told
