"""No forgery of history, store or ledger puts a bad adapter into production unnoticed."""

from __future__ import annotations

import pytest

from perf.forge import Forging
from perf.forgeries import (
    OF_CACHE,
    OF_HISTORY,
    OF_PROJECTS,
    OF_RECORDED,
    OF_SIGNATURES,
    OF_STORE,
    Forgery,
)

ALL = {
    "history": OF_HISTORY,
    "store": OF_STORE,
    "recorded": OF_RECORDED,
    "cache": OF_CACHE,
    "projects": OF_PROJECTS,
    "ledger": OF_SIGNATURES,
}


@pytest.fixture(scope="module")
def forging(tmp_path_factory: pytest.TempPathFactory) -> Forging:
    """Made once; each forgery works on copies."""
    return Forging(tmp_path_factory.mktemp("forging"))


@pytest.mark.long
@pytest.mark.parametrize(
    "forgery",
    [pytest.param(one, id=f"{kind}: {one.name}") for kind, some in ALL.items() for one in some],
)
def test_a_forgery_is_noticed_by_the_gate_or_by_promote(forging: Forging, forgery: Forgery) -> None:
    found = forging.try_one(forgery)
    assert found.gate or found.promote
    assert not found.promoted
    assert "\n" not in found.gate + found.promote
