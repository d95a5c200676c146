"""What another package offers is found by name, or one line says why it cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import RequestError
from harness.registered import METRICS, names, refuse_taken, registered
from tests.fakes.packages import offer


def said(name: str = "polite") -> str:
    with pytest.raises(RequestError) as caught:
        registered(METRICS, name, RequestError)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_it_comes_with_the_package_that_offers_it(site: Path) -> None:
    offer(site, "acme 1.2", {METRICS: {"polite": "acme_one:score"}}, acme_one="score = 3")
    found = registered(METRICS, "polite", RequestError)
    assert found is not None
    assert (found.value, found.package, found.place) == (3, "acme 1.2", "acme_one:score")
    assert names(METRICS) == ("polite",)


def test_what_nobody_offers_is_not_there(site: Path) -> None:
    assert registered(METRICS, "polite", RequestError) is None


def test_nothing_is_imported_to_list_names(site: Path) -> None:
    offer(site, "acme 1.2", {METRICS: {"polite": "acme_bomb:score"}}, acme_bomb="1 / 0")
    assert names(METRICS) == ("polite",)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("import nosuch_library", "ModuleNotFoundError: No module named 'nosuch_library'"),
        ("other = 1", "AttributeError"),
        ("score = (", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise ValueError('two\\nlines')", "ValueError: two)"),
    ],
)
def test_what_does_not_import_is_named_with_its_package(
    site: Path, module: str, words: str
) -> None:
    offer(site, "acme 1.2", {METRICS: {"polite": "acme_bad:score"}}, acme_bad=module)
    line = said()
    assert line.startswith("polite: acme_bad:score of acme 1.2 cannot be imported (")
    assert words in line


def test_a_name_that_two_packages_offer_is_refused(site: Path) -> None:
    for package in ("acme 1.2", "zeta 0.1"):
        offer(site, package, {METRICS: {"polite": "acme_two:score"}}, acme_two="score = 3")
    line = "polite: acme 1.2 and zeta 0.1 both offer it in harness.metrics, uninstall one of them"
    assert said() == line


def test_a_name_of_our_own_cannot_be_taken(site: Path) -> None:
    refuse_taken({METRICS: ("edit_rate",)}, RequestError)
    offer(site, "acme 1.2", {METRICS: {"edit_rate": "acme_own:score"}})
    with pytest.raises(RequestError, match=r"edit_rate: is one of lora-harness's own, and acme 1"):
        refuse_taken({METRICS: ("edit_rate",)}, RequestError)
