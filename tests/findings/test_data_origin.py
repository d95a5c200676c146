"""What an origin card says or leaves open is a warning where a person should look at it."""

from __future__ import annotations

import pytest

from harness.findings.data_origin import origin_findings
from harness.records import DataOrigin


def messages(origin: DataOrigin, personal_lines: int = 0) -> list[str]:
    found = list(origin_findings(origin, personal_lines))
    assert {(one.kind, one.line) for one in found} <= {("origin", None)}
    return [one.message for one in found]


@pytest.mark.parametrize(
    "origin", [DataOrigin(), DataOrigin(third_party_copy=False, contains_personal_data=False)]
)
def test_nothing_is_said_where_nothing_was_found(origin: DataOrigin) -> None:
    assert messages(origin) == []


def test_texts_of_others_are_a_warning_and_more_so_without_a_licence() -> None:
    assert messages(DataOrigin(third_party_copy=True)) == [
        "it holds texts that others wrote and own, and no licence is stated"
    ]
    licensed = DataOrigin(third_party_copy=True, licence="CC BY 4.0")
    assert messages(licensed) == ["it holds texts that others wrote and own"]


def test_personal_data_needs_a_basis() -> None:
    assert messages(DataOrigin(), 3) == [
        "personal data was found in 3 lines, and no lawful basis is stated"
    ]
    assert messages(DataOrigin(contains_personal_data=True)) == [
        "its card says that it holds personal data, and no lawful basis is stated"
    ]
    assert messages(DataOrigin(lawful_basis="contract"), 3) == []


def test_a_card_that_denies_what_was_found_is_named() -> None:
    denied = DataOrigin(contains_personal_data=False, lawful_basis="none needed")
    assert messages(denied, 1) == [
        "its card says that it holds no personal data, yet personal data was found in 1 line"
    ]
