"""Likely nonsense per format: sound examples with wounds, and pieces of the format in any order."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.targets import Target

LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.just(10**39), st.floats(allow_nan=True),
    st.text(max_size=5), st.sampled_from(["", " ", "\0", "\u2028", "a", "(a+)+$", "../x"]),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3)
    ),
    max_leaves=6,
)  # fmt: skip


def nonsense(target: Target) -> st.SearchStrategy[bytes]:
    """Bytes for one target."""
    seeds = st.sampled_from(target.seeds)
    pieces = st.lists(st.sampled_from(target.words), max_size=30).map(
        lambda words: "".join(words).encode("utf-8", "surrogatepass")
    )
    return st.one_of(
        seeds,
        pieces,
        wounded(seeds, pieces),
        altered(target),
        st.binary(max_size=60),
        st.text(max_size=40).map(lambda text: text.encode("utf-16")),
    )


@st.composite
def wounded(draw: Any, seeds: st.SearchStrategy[bytes], pieces: st.SearchStrategy[bytes]) -> bytes:
    """A sound example in which one stretch is something else."""
    seed = draw(seeds)
    start = draw(st.integers(0, len(seed)))
    end = draw(st.integers(start, min(len(seed), start + 20)))
    return seed[:start] + draw(pieces | st.binary(max_size=4)) + seed[end:]


def altered(target: Target) -> st.SearchStrategy[bytes]:
    """A sound JSON object with one value that is something else; else the example as it is."""
    try:
        sound = json.loads(target.seeds[0])
    except ValueError:
        return st.sampled_from(target.seeds)
    if not isinstance(sound, dict):
        return st.sampled_from(target.seeds)
    keys = st.sampled_from(sorted(sound)) | st.text(max_size=4)
    return st.tuples(keys, VALUES).map(lambda pair: _dumped(sound | {pair[0]: pair[1]}))


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass") + b"\n"
