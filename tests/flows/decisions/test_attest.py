"""What is attested is what was judged, and what no longer is gets named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import AdapterRefused, RequestError
from harness.flows.decisions.attest import attest, judged_files, policy_digest, verify_adapter
from harness.records import DoctorCheck
from harness.render.statement import ADAPTER_DIGEST
from harness.workspace.adapters.files import file_digest
from harness.workspace.adapters.keys import make_keys
from harness.workspace.adapters.signing import SIGNATURE, sign
from tests.fakes.project import TASK
from tests.flows.judged import MADE, NAME, Judged, judged


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Judged]:
    monkeypatch.setenv("LORA_HARNESS_CACHE", str(tmp_path / "cache"))
    found = judged(tmp_path / "project")
    yield found
    found.store.close()


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    make_keys(tmp_path / "team.pem", tmp_path / "team.pub")
    return tmp_path / "team.pem", tmp_path / "team.pub"


def _one_byte(made: Judged) -> None:
    content = bytearray(made.adapter.weights.read_bytes())
    content[-1] ^= 1
    made.adapter.weights.write_bytes(content)


def _failed(checks: list[DoctorCheck]) -> list[str]:
    return [check.message for check in checks if not check.ok]


# --- attest -------------------------------------------------------------------------------------


@pytest.mark.medium
@pytest.mark.parametrize("by", ["verdict", "run"])
def test_a_verdict_is_attested_by_its_id_or_by_its_run(made: Judged, by: str) -> None:
    found = attest(made.project, made.store, made.identity if by == "verdict" else made.run.id)
    digests = {one["name"]: one["digest"] for one in found["subject"]}
    for file in ("adapter_config.json", "adapter_model.safetensors"):
        assert digests[f"{NAME}/{file}"] == {"sha256": file_digest(made.adapter.folder / file)}
    assert digests[NAME] == {ADAPTER_DIGEST: made.adapter.files().digest}
    told = found["predicate"]
    assert (told["verdict"], told["time"]) == (made.identity, MADE)
    assert told["outcome"] == made.verdict.outcome
    assert told["task"] == TASK
    assert told["base"]["digest"] == made.project.base.digest
    assert told["policy"]["digest"] == policy_digest(made.verdict)
    assert told["recomputed_with"]
    (taught,) = told["training_data"]
    assert (taught["adapter"], taught["owner"]) == (NAME, "not stated")


@pytest.mark.medium
def test_attesting_twice_gives_the_same_text(made: Judged) -> None:
    once, twice = (json.dumps(attest(made.project, made.store, made.identity)) for _ in range(2))
    assert once == twice


@pytest.mark.medium
def test_bytes_that_were_not_judged_are_not_attested(made: Judged) -> None:
    _one_byte(made)
    with pytest.raises(AdapterRefused, match="not those that were judged"):
        attest(made.project, made.store, made.identity)


@pytest.mark.medium
def test_a_verdict_that_the_scores_do_not_give_is_not_attested(made: Judged) -> None:
    forged = replace(made.verdict, reasons=("all is well",))
    digest = made.adapter.files().digest
    identity = made.store.verdicts.keep(forged, made.run.id, digest, MADE)
    with pytest.raises(RequestError, match="do not give this verdict again"):
        attest(made.project, made.store, identity)


@pytest.mark.medium
def test_an_older_verdict_of_a_run_is_repeated_too(made: Judged) -> None:
    later = replace(made.verdict, candidates_judged=2)
    made.store.verdicts.keep(later, made.run.id, made.adapter.files().digest, MADE)
    assert attest(made.project, made.store, made.identity)["predicate"]["recomputed_with"]


@pytest.mark.medium
def test_recorded_outputs_are_no_adapter_s_bytes(made: Judged) -> None:
    recorded = next(kept for kept in made.store.verdicts.all() if kept.verdict.task == TASK)
    with pytest.raises(RequestError, match="recorded outputs"):
        attest(made.project, made.store, recorded.id)


@pytest.mark.medium
def test_an_unknown_name_is_one_line(made: Judged) -> None:
    with pytest.raises(RequestError, match="nowhere: no such verdict or run"):
        attest(made.project, made.store, "nowhere")


# --- verify -------------------------------------------------------------------------------------


@pytest.mark.long
def test_an_untouched_adapter_passes_every_check(made: Judged, keys: Any) -> None:
    files = made.adapter.files()
    sign(files, keys[0])
    found = verify_adapter(
        made.project, NAME, expected=files.digest, files=judged_files(files), public_key=keys[1]
    )
    assert [(check.name, check.ok) for check in found] == [("digest", True), ("signature", True)]


@pytest.mark.medium
def test_one_changed_byte_is_named_by_file(made: Judged, keys: Any) -> None:
    files = made.adapter.files()
    before = judged_files(files)
    sign(files, keys[0])
    _one_byte(made)
    by_digest = _failed(verify_adapter(made.project, NAME, expected=files.digest, files=before))
    assert by_digest[0].startswith(f"{made.adapter.weights}: is not what was judged")
    by_key = _failed(verify_adapter(made.project, NAME, public_key=keys[1]))
    assert by_key == [f"{NAME}: adapter_model.safetensors: is not what was signed"]


@pytest.mark.medium
def test_a_missing_file_is_named(made: Judged) -> None:
    expected = made.adapter.files().digest
    made.adapter.weights.unlink()
    (first, *_) = _failed(verify_adapter(made.project, NAME, expected=expected))
    assert first == f"{made.adapter.weights}: is missing, restore it"


@pytest.mark.medium
def test_with_a_key_an_unsigned_adapter_fails(made: Judged, keys: Any) -> None:
    found = _failed(verify_adapter(made.project, NAME, public_key=keys[1]))
    assert found == [f"{NAME}: model.sig: is missing, the adapter is not signed"]


@pytest.mark.medium
def test_without_a_key_an_unsigned_adapter_passes_and_says_so(made: Judged) -> None:
    (digest, signature) = verify_adapter(made.project, NAME)
    assert digest.ok and "nothing to compare it with" in digest.message
    assert signature.ok and signature.message == "none, and none was asked for"


@pytest.mark.medium
def test_a_signature_is_never_called_good_without_a_key(made: Judged, keys: Any) -> None:
    sign(made.adapter.files(), keys[0])
    assert "not checked" in verify_adapter(made.project, NAME)[-1].message
    _one_byte(made)
    assert _failed(verify_adapter(made.project, NAME)) == [
        f"{made.adapter.folder / SIGNATURE}: is for other bytes"
    ]
    (made.adapter.folder / SIGNATURE).write_text("{")
    assert len(_failed(verify_adapter(made.project, NAME))) == 1


@pytest.mark.medium
def test_another_adapter_s_folder_put_in_place_is_noticed(made: Judged, keys: Any) -> None:
    other = made.tiny.adapter("adapter_v0", seed=3).write()
    sign(other.files(), keys[0])
    expected = made.adapter.files().digest
    for file in other.folder.iterdir():
        (made.adapter.folder / file.name).write_bytes(file.read_bytes())
    found = _failed(verify_adapter(made.project, NAME, expected=expected, public_key=keys[1]))
    assert any("judged were" in line for line in found)
    assert any("was made for adapter_v0" in line for line in found)
