"""Weights laid out for few rows: a processor's own kernel reads them without sorting them anew.

Only where the product is the same to the last bit, so that a text never depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

ROOM = 512 * 2**20
"""So many bytes of weights are laid out at most: they are a second copy."""
SMALL = 128
"""A matrix with a shorter side is not worth it."""

Product = Callable[[Any], Any]


class Layout:
    """The linear layers of one model as it stands, each with a faster way to the same product."""

    def __init__(self, model: Any, rows: int) -> None:
        self._ways = tuple(_ways(model, rows))

    @contextmanager
    def used(self) -> Iterator[None]:
        """Only while this lasts: in between the model belongs to others, with other weights."""
        for layer, product in self._ways:
            layer.__dict__["forward"] = product  # past nn.Module's own slow way of setting
        try:
            yield
        finally:
            for layer, _ in self._ways:
                layer.__dict__.pop("forward", None)


def _ways(model: Any, rows: int) -> Iterator[tuple[Any, Product]]:
    same: dict[tuple[int, ...], bool] = {}
    room = ROOM
    for layer in _linears(model):
        weight = layer.weight.data
        room -= weight.numel() * weight.element_size()
        if room < 0:
            return
        shape = (*weight.shape, layer.bias is not None)
        try:
            product = _product(layer, rows)
            if shape not in same:
                same[shape] = _is_same(layer, product, rows)
        except (AttributeError, RuntimeError):  # another build of torch: it has not this kernel
            return
        if same[shape]:
            yield layer, product


def _linears(model: Any) -> Iterator[Any]:
    import torch

    from harness.engines.local.fast.llama import Linear

    for layer in model.modules():
        if type(layer) in (torch.nn.Linear, Linear) and "forward" not in layer.__dict__:
            weight = layer.weight
            fits = weight.device.type == "cpu" and weight.dtype == torch.bfloat16
            if fits and min(weight.shape) >= SMALL:
                yield layer


def _product(layer: Any, rows: int) -> Product:
    """The layout that oneDNN likes best, and the product that takes it."""
    from torch import ops

    laid = ops.mkldnn._reorder_linear_weight(layer.weight.data, rows)
    multiply, bias = ops.mkldnn._linear_pointwise.default, layer.bias

    def product(values: Any) -> Any:
        return multiply(values, laid, bias, "none", [], "")

    return product


def _is_same(layer: Any, product: Product, rows: int) -> bool:
    import torch

    size = layer.weight.shape[1]
    values = torch.linspace(-3, 3, rows * size).sin().to(layer.weight.dtype).view(1, rows, size)
    plain = torch.nn.functional.linear(values, layer.weight, layer.bias)
    return bool(torch.equal(plain, product(values)))
