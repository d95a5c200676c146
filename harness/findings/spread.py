"""Choose items so that their groups keep to given shares, at every length of the choice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Axis(Generic[T]):
    """Groups of items, such as the values of a slice, with the share that each shall have."""

    group_of: Callable[[T], str]
    shares: Mapping[str, float]
    """Wanted share by group; a group without one is taken last."""
    counts: dict[str, int] = field(default_factory=dict)
    """Items of each group that are there already, and those chosen."""

    def lack(self, item: T) -> float:
        """Return how far the item's group lies behind its share; larger is more."""
        group = self.group_of(item)
        total = sum(self.counts.values())
        return self.shares.get(group, 0.0) * (total + 1) - self.counts.get(group, 0)

    def take(self, item: T) -> None:
        """Count an item that was chosen."""
        group = self.group_of(item)
        self.counts[group] = self.counts.get(group, 0) + 1


def shares_of(groups: Iterable[str]) -> dict[str, float]:
    """Return the share that each group has."""
    counts = Counter(groups)
    return {group: count / counts.total() for group, count in counts.items()}


def spread(items: Sequence[T], axes: Sequence[Axis[T]], count: int) -> list[T]:
    """Return the first `count` items, each time one whose groups lie furthest behind.

    The first axis counts most; of items that are equal in all the earliest is taken.
    """
    left, chosen = list(items), list[T]()
    while left and len(chosen) < count:
        item = max(left, key=lambda one: [axis.lack(one) for axis in axes])
        left.remove(item)
        chosen.append(item)
        for axis in axes:
            axis.take(item)
    return chosen
