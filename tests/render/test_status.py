"""Where a project stands, in few lines that cannot act on a terminal."""

from harness.records import NextStep, Overview, TaskOverview
from harness.render.status import bearings_json, bearings_text

FOUND = Overview(
    "/home/ana/openers",
    (("openers", 30),),
    ("v1", "v2"),
    (TaskOverview("openers", "v1", "2026-11-20T10:00:00Z", True, "retrain"),),
    (NextStep("v2 was never judged: judge it", "pytest --model v2"), NextStep("then", "this")),
)


def test_what_holds_comes_first_then_what_to_do() -> None:
    lines = bearings_text(FOUND, "1.0", 100).splitlines()
    assert lines[0] == "lora-harness 1.0"
    assert "openers (30 cases)" in lines[2]
    assert "openers: v1 is promoted by override since 2026-11-20; monitor says retrain" in lines[4]
    assert lines[5:7] == ["next  v2 was never judged: judge it", "        pytest --model v2"]
    assert lines[7].startswith("then  ")
    assert lines[-1] == "all commands: lora-harness --help"


def test_without_a_project_only_the_step_is_said() -> None:
    lines = bearings_text(Overview(None, next=FOUND.next[:1]), "1.0").splitlines()
    assert len(lines) == 4


def test_of_many_adapters_the_rest_is_counted() -> None:
    many = Overview("x", (("b", 1),), tuple(f"v{n}" for n in range(10)))
    assert "v7 and 2 more" in bearings_text(many, "1")


def test_names_cannot_act_on_a_terminal() -> None:
    hostile = Overview("\x1b]0;x\x07", (("b\n::error::", 1),), ("\x9b",), FOUND.tasks, FOUND.next)
    shown = bearings_text(hostile, "1")
    assert all(line.isprintable() for line in shown.splitlines())


def test_programs_get_the_same() -> None:
    said = bearings_json(FOUND)
    assert said["benchmarks"] == [{"name": "openers", "cases": 30}]
    assert said["tasks"][0]["state"] == "retrain"
    assert said["next"][0] == {"words": FOUND.next[0].words, "command": "pytest --model v2"}
