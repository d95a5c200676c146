"""The doctor's list has a verdict per line."""

from harness.render import doctor_json, doctor_text

CHECKS = [("name", True, "adapter_v3"), ("weights", False, "lora_B is all zero\n::error::x")]


def test_each_check_has_its_line_and_the_last_one_concludes():
    assert doctor_text(CHECKS).splitlines() == [
        "ok    name     adapter_v3",
        "FAIL  weights  lora_B is all zero␊:\\:error:\\:x",
        "refused: 1 of 2 checks failed",
    ]
    assert doctor_text(CHECKS[:1]).endswith("fit for use: 1 of 1 checks passed")


def test_programs_get_ok_and_the_checks():
    assert doctor_json(CHECKS[:1]) == {
        "ok": True,
        "checks": [{"name": "name", "ok": True, "message": "adapter_v3"}],
    }
    assert doctor_json(CHECKS)["ok"] is False
