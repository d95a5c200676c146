"""A name is compared as a whole model, and every verdict on one says so."""

from __future__ import annotations

from dataclasses import replace

from harness.judge.comparable import check_like
from harness.judge.named import named_note, named_notes
from harness.records import NOT_BYTES, Run
from tests.fakes.refusals import refused


def run(adapter: str, base: str, decoding: object, fingerprint: str = "f") -> Run:
    origin = {
        "decoding": decoding,
        "model": "ft:m",
        "url": "https://a.b/v1",
        "asked": "2026-01-02T",
    }
    digests = {"base": base, "adapter": adapter}
    return Run("id", adapter, "openers", "openers", fingerprint, (), True, digests, origin)


LORA = run("v1", "b" * 64, {"max_new_tokens": 64, "dtype": "float32", "batch": 16, "seed": 0})
NAME = run("ft", NOT_BYTES, {"max_new_tokens": 64, "seed": 0})


def test_a_name_has_no_base_and_the_server_chooses_dtype_and_batch() -> None:
    check_like(LORA, NAME, "promoted")
    check_like(NAME, LORA, "promoted")
    check_like(NAME, replace(LORA, origin={"decoding": "as recorded"}), "base")


def test_what_both_settings_say_must_be_the_same() -> None:
    longer = run("ft", NOT_BYTES, {"max_new_tokens": 128, "seed": 0})
    with refused("not run alike: decoding"):
        check_like(LORA, longer, "promoted")
    with refused("not run alike: benchmark version"):
        check_like(LORA, replace(NAME, fingerprint="other"), "promoted")


def test_adapters_with_bytes_still_need_the_same_base() -> None:
    with refused("not run alike: base"):
        check_like(LORA, replace(LORA, digests={"base": "c" * 64}), "promoted")
    with refused("not run alike: decoding"):
        check_like(LORA, replace(LORA, origin={"decoding": {"max_new_tokens": 64}}), "promoted")


def test_the_note_says_who_answered_and_when() -> None:
    said = "ft is a name, not bytes: ft:m at https://a.b/v1 answered on 2026-01-02,"
    assert named_note(NAME).startswith(said)
    assert named_notes((LORA, NAME, NAME)) == (named_note(NAME),)
    assert named_note(replace(NAME, origin={})).startswith("ft is a name, not bytes: it answered")
