"""Compare the weights of an export with the adapter that it is made of, tensor by tensor.

For a tensor that the adapter changes by D, an export holds the base, D times some strength, and
what rounding did. The strength is 1 in a faithful export, 2 where alpha was doubled, 0 where the
adapter is missing. It is a projection, so that rounding averages out of it even in 4 bits.

Tested in tests/engines/local/test_parity.py.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.engines.local.merging import merge, plain_base
from harness.engines.protocol import Mounted
from harness.errors import AdapterRefused, HarnessError, reason

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

_log = logging.getLogger(__name__)

ALIKE = 0.05
"""Strengths that differ by less are the same."""
SPREAD = 20.0
"""Standard errors, as rounding would have them if it were noise, that a strength may be off."""
LARGE_ROUNDING = 1.0
"""Rounding that is as large as what the adapter changes."""
PLAIN_OFF, QUANTISED_OFF = 0.02, 0.5
"""Relative difference from the base that rounding explains in a tensor the adapter leaves alone."""


@dataclass(frozen=True, slots=True)
class Strength:
    """How strongly an export holds what the adapter changes."""

    value: float
    within: float
    """How far rounding may have moved it."""
    rounding: float
    """Size of what rounding did, in sizes of what the adapter changes."""

    def __str__(self) -> str:
        return f"{self.value:.2f}"

    def may_be(self, value: float) -> bool:
        """Return whether this strength is, up to rounding, a given one."""
        return abs(self.value - value) <= self.within


@dataclass(slots=True)
class _Sums:
    """Sums over the elements of tensors that the adapter changes."""

    product: float = 0.0
    change: float = 0.0
    held: float = 0.0
    count: int = 0

    def add(self, change: Tensor, held: Tensor) -> None:
        """Take in a tensor's change by the adapter, and the change that the export holds."""
        self.product += float((change * held).sum())
        self.change += float((change * change).sum())
        self.held += float((held * held).sum())
        self.count += change.numel()

    @property
    def strength(self) -> Strength:
        """The projection of what is held on what the adapter changes."""
        if not self.change:
            return Strength(0.0, 0.0, 0.0)
        value = self.product / self.change
        rest = max(0.0, self.held - value * self.product)
        rounding = (rest / self.change) ** 0.5
        return Strength(value, ALIKE + SPREAD * rounding / self.count**0.5, rounding)


@dataclass(frozen=True, slots=True)
class Tensors:
    """How the tensors of an export differ from base and adapter."""

    strengths: Mapping[str, Strength]
    """By the name of a tensor that the adapter changes."""
    overall: Strength
    """Over all these tensors."""
    off: tuple[str, ...] = ()
    """Tensors that the adapter leaves alone, and that are not the base's."""
    reshaped: tuple[str, ...] = ()
    """Tensors of another shape, or that only one side has."""
    embeddings: tuple[str, ...] = ()
    """The tensors of input and output embeddings."""


class Untold(Exception):
    """The weights of an export cannot be compared, which is no fault of the export."""


def compare(base: Path, quantize: str, adapter: Mounted, export: Path, quantised: bool) -> Tensors:
    """Load base, adapter and export in float32, and compare them.

    Takes the memory of three copies of the base. `quantised`: whether the export is in few bits.
    """
    wanted = merge(base, adapter, quantize)
    outer = _embeddings(wanted)
    merged, plain = wanted.state_dict(), plain_base(base, quantize).state_dict()
    given = _given(export, adapter.name).state_dict()
    strengths: dict[str, Strength] = {}
    off, reshaped, overall = [], sorted(merged.keys() ^ given.keys()), _Sums()
    slack = QUANTISED_OFF if quantised else PLAIN_OFF
    for name in sorted(merged.keys() & given.keys()):
        if merged[name].shape != given[name].shape:
            reshaped.append(name)
            continue
        change, held = _changes(plain.get(name), merged[name], given[name])
        one = _Sums()
        one.add(change, held)
        if one.change > 0:
            strengths[name] = one.strength
            overall.add(change, held)
        elif one.held**0.5 > slack * float(merged[name].double().norm()):
            off.append(name)
    return Tensors(strengths, overall.strength, tuple(off), tuple(reshaped), outer)


def _changes(plain: Tensor | None, merged: Tensor, given: Tensor) -> tuple[Tensor, Tensor]:
    """Return what the adapter changes in a tensor, and what the export holds beyond the base."""
    merged, given = merged.double(), given.double()
    # The adapter may have brought a vocabulary: then the base's rows are no start to count from.
    start = merged * 0 if plain is None or plain.shape != merged.shape else plain.double()
    return merged - start, given - start


def _embeddings(model: PreTrainedModel) -> tuple[str, ...]:
    ends = [model.get_input_embeddings(), model.get_output_embeddings()]
    return tuple(
        f"{name}.weight"
        for name, module in model.named_modules()
        if any(module is end for end in ends if end is not None)
    )


def _given(export: Path, name: str) -> PreTrainedModel:
    try:
        return plain_base(export)
    except HarnessError as problem:
        raise AdapterRefused(f"the export of {name} does not load: {problem}") from problem
    except Exception as problem:  # quantisers raise many kinds: all mean that nothing can be told
        _log.debug("%s: cannot be compared", export, exc_info=True)
        raise Untold(f"{export}: cannot be made plain numbers ({reason(problem)})") from problem


def faults(found: Tensors, alpha: float) -> Iterator[str]:
    """Yield a sentence for each way in which an export's weights are not the adapter's.

    `alpha` is the adapter's `lora_alpha`.
    """
    if found.reshaped:
        yield f"{_tensors(found.reshaped)} on one side only or in another shape"
    if found.strengths:
        yield from _strength_faults(found, alpha)
    if found.overall.rounding >= LARGE_ROUNDING:
        yield (
            f"rounding changed its weights {found.overall.rounding:.1f} times as much as the"
            " adapter does"
        )
    if found.off:
        yield f"{_tensors(found.off)} not as in the base, though the adapter leaves them alone"


def _strength_faults(found: Tensors, alpha: float) -> Iterator[str]:
    strengths, overall = found.strengths, found.overall
    if not overall.may_be(1) and all(one.may_be(overall.value) for one in strengths.values()):
        if overall.may_be(0):
            yield "the adapter is not in it, its weights are those of the base"
        else:
            yield (
                f"the adapter is merged at {overall} times its strength, as if lora_alpha were"
                f" {alpha * overall.value:.3g} and not {alpha:g}"
            )
        return
    wrong = [name for name, one in strengths.items() if not one.may_be(1)]
    lost = [name for name in wrong if strengths[name].may_be(0)]
    if lost and set(lost) <= set(found.embeddings):
        yield f"the adapter's own head or embeddings are lost, {_tensors(lost)} as in the base"
    elif lost:
        yield f"the adapter is missing in {len(lost)} of {_tensors(list(strengths), lost[0])}"
    if other := sorted(set(wrong) - set(lost), key=lambda name: strengths[name].value):
        low, high = strengths[other[0]], strengths[other[-1]]
        times = str(low) if str(low) == str(high) else f"{low} to {high}"
        yield f"the adapter is merged at {times} times its strength in {_tensors(other)}"


def _tensors(names: Sequence[str], such_as: str = "") -> str:
    word = "tensor" if len(names) == 1 else "tensors"
    return f"{len(names)} {word} (such as {such_as or names[0]})"
