"""Every kind of finding is explained, in one place."""

from __future__ import annotations

from typing import get_args, get_type_hints

from harness.findings import Finding
from harness.findings.kinds import KINDS, Kind


def test_every_kind_that_a_finding_can_have_is_explained() -> None:
    assert get_type_hints(Finding)["kind"] == Kind, "so that mypy knows of every kind"
    assert set(get_args(Kind)) == set(KINDS)
    assert list(KINDS) == sorted(KINDS)


def test_explanations_are_short_and_say_what_to_do() -> None:
    for kind, (means, remedy) in KINDS.items():
        for said in (means, remedy):
            assert 10 < len(said) < 120 and said.isprintable(), kind
            assert not said.endswith(".") and "|" not in said, "it stands in a table"
