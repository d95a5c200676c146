"""Lay weights out once, so that a processor's own kernel multiplies them without reordering.

Only where the product is the same to the last bit, so that no output depends on it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from harness.engines.local.models import CausalModel
from harness.free_memory import free_memory

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from harness.engines.local.fast.llama import Linear

_log = logging.getLogger(__name__)

MAX_BYTES = 288 * 2**20
"""Weights that are laid out, which makes a second copy of them, where there is room ..."""
SHARE = 0.3
"""... or this share of all of them, where that is more."""
FREE = 2
"""At most one part in so many of what is free."""
MIN_SIDE = 128
"""A matrix with a shorter side is not worth it."""

Layer: TypeAlias = "torch.nn.Linear | Linear"
Product: TypeAlias = "Callable[[Tensor], Tensor]"


class Layout:
    """The linear layers of a model at this moment, each with a faster and equal product."""

    def __init__(self, model: CausalModel, *rows: int) -> None:
        """Lay out for these numbers of rows; with any other the plain product is taken."""
        self._products = tuple(_products(model, rows))

    @contextmanager
    def used(self) -> Iterator[None]:
        """Use the faster products; in between the model may get another adapter's weights."""
        for layer, product in self._products:
            layer.__dict__["forward"] = product  # nn.Module's own way of setting is slow
        try:
            yield
        finally:
            for layer, _ in self._products:
                layer.__dict__.pop("forward", None)


def _products(model: CausalModel, rows: tuple[int, ...]) -> Iterator[tuple[Layer, Product]]:
    same: dict[tuple[int, ...], bool] = {}
    layers = list(_linears(model))
    left = _room(layers)
    for number, layer in enumerate(layers):
        weight = layer.weight.data
        left -= weight.nbytes
        if left < 0:
            _log.info("%d of %d matrices are laid out: no room for more", number, len(layers))
            return
        shape = (*weight.shape, layer.bias is not None)
        try:
            product = _product(layer, rows)
            if shape not in same:
                same[shape] = all(_is_same(layer, product, count) for count in rows)
                _log.debug("laid-out product of shape %s: same bits %s", shape, same[shape])
        except (AttributeError, RuntimeError) as problem:  # a build of torch without this kernel
            _log.info("weights are not laid out (%s)", problem)
            return
        if same[shape]:
            yield layer, product


def _room(layers: Sequence[Layer]) -> int:
    """Return the bytes that the second copies may take."""
    most = max(MAX_BYTES, int(SHARE * sum(layer.weight.nbytes for layer in layers)))
    free = free_memory()
    return most if free is None else min(most, free // FREE)


def _linears(model: CausalModel) -> Iterator[Layer]:
    import torch

    from harness.engines.local.fast.llama import Linear

    for layer in model.modules():
        # Exactly these classes: a subclass may compute something else in its `forward`.
        if type(layer) is not torch.nn.Linear and type(layer) is not Linear:
            continue
        if "forward" in layer.__dict__:
            continue
        weight = layer.weight
        fits = weight.device.type == "cpu" and weight.dtype == torch.bfloat16
        if fits and min(weight.shape) >= MIN_SIDE:
            yield layer


def _product(layer: Layer, rows: tuple[int, ...]) -> Product:
    """Lay a matrix out in oneDNN's favourite order; return the product that takes it."""
    from torch import ops
    from torch.nn.functional import linear

    laid = ops.mkldnn._reorder_linear_weight(layer.weight.data, rows[0])
    multiply, weight, bias = ops.mkldnn._linear_pointwise.default, layer.weight, layer.bias

    def product(values: Tensor) -> Tensor:
        if values.shape[-2] not in rows:  # another kernel, whose bits were not compared
            return linear(values, weight, bias)
        found: Tensor = multiply(values, laid, bias, "none", [], "")
        return found

    return product


def _is_same(layer: Layer, product: Product, rows: int) -> bool:
    import torch

    size = layer.weight.shape[1]
    values = torch.linspace(-3, 3, rows * size).sin().to(layer.weight.dtype).view(1, rows, size)
    plain = torch.nn.functional.linear(values, layer.weight, layer.bias)
    return torch.equal(plain, product(values))
