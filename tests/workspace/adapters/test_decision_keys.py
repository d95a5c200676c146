"""A decision's signature holds for that decision, with that key, and for nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import RequestError
from harness.records import Decision
from harness.workspace.adapters.decision_keys import PASSWORD, DecisionKeys, signer
from harness.workspace.adapters.keys import make_keys
from tests.fakes.refusals import refused
from tests.store.records import make_decision

MADE = replace(make_decision(), hash="a" * 64)


@pytest.fixture
def lead(tmp_path: Path) -> Path:
    """Return a private key; the public one lies beside it."""
    private = tmp_path / "lead.pem"
    make_keys(private, tmp_path / "lead.pub", for_decisions=True)
    return private


def signed(private: Path, decision: Decision = MADE) -> Decision:
    return replace(decision, signature=signer(private)(decision))


def keys(private: Path) -> DecisionKeys:
    return DecisionKeys([private.with_suffix(".pub")])


def test_what_the_lead_signed_holds(lead: Path) -> None:
    assert keys(lead).fault(signed(lead)) is None


def test_a_decision_without_a_signature_is_not_signed(lead: Path) -> None:
    assert keys(lead).fault(MADE) == "is not signed"


@pytest.mark.parametrize("field", ["hash", "kind", "task", "adapter", "digest"])
def test_a_signature_is_for_one_decision(lead: Path, field: str) -> None:
    other = replace(signed(lead), **{field: "reject" if field == "kind" else "other"})
    assert keys(lead).fault(other) == "does not fit its signature"


@pytest.mark.parametrize("cut", ["", "x", "AAAA"])
def test_a_damaged_signature_does_not_hold(lead: Path, cut: str) -> None:
    name = str(signed(lead).signature).partition(":")[0]
    assert keys(lead).fault(replace(MADE, signature=f"{name}:{cut}")) is not None


def test_another_key_does_not_count_and_each_of_several_does(lead: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    make_keys(other, tmp_path / "other.pub", for_decisions=True)
    said = keys(lead).fault(signed(other))
    assert said == "is signed with a key that is none of the project's"
    both = DecisionKeys([tmp_path / "lead.pub", tmp_path / "other.pub"])
    assert both.fault(signed(other)) is both.fault(signed(lead)) is None


def test_an_adapters_key_is_refused_with_the_remedy(tmp_path: Path) -> None:
    make_keys(tmp_path / "team.pem", tmp_path / "team.pub")
    for read in (lambda: signer(tmp_path / "team.pem"), lambda: keys(tmp_path / "team.pem")):
        with refused("history sign --key FILE --new-key` makes one", RequestError):
            read()


def test_an_encrypted_key_opens_with_the_password_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "lead.pem"
    make_keys(private, tmp_path / "lead.pub", b"secret", for_decisions=True)
    with refused("is encrypted, and no password was given", RequestError):
        signer(private)
    monkeypatch.setenv(PASSWORD, "secret")
    assert keys(private).fault(signed(private)) is None


def test_a_decision_that_was_not_recorded_cannot_be_signed(lead: Path) -> None:
    with refused("is signed when it is recorded", RequestError):
        signer(lead)(make_decision())
