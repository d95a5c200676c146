import pytest

from harness.errors import SettingsError
from harness.records import RetrainLine
from harness.workspace.project.settings import read_settings
from tests.fakes.refusals import refused

HEAD = '[tool.harness]\nbase = "base"\n'


def settings(folder, more):
    (folder / "pyproject.toml").write_text(HEAD + more, encoding="utf-8")
    return read_settings(folder)


def test_every_task_has_lines_of_its_own(tmp_path):
    found = settings(
        tmp_path,
        "[tool.harness.monitor.outreach]\n"
        "edit_rate = { acceptable = 0.2, retrain = 0.25 }\n"
        "rejection_rate = { acceptable = 0.05, retrain = 0.1 }\n"
        "[tool.harness.monitor.replies]\n"
        "edit_rate = { acceptable = 0.3, retrain = 0.4 }\n",
    )
    assert found.monitor == {
        "outreach": {
            "edit_rate": RetrainLine(0.2, 0.25),
            "rejection_rate": RetrainLine(0.05, 0.1),
        },
        "replies": {"edit_rate": RetrainLine(0.3, 0.4)},
    }


def test_a_line_says_how_many_false_alarms_are_put_up_with_and_a_known_scatter(tmp_path):
    found = settings(
        tmp_path,
        "[tool.harness.monitor.outreach]\n"
        "edit_rate = { acceptable = 0.2, retrain = 0.25, false_alarms = 0.5, scatter = 0 }\n",
    )
    line = found.monitor["outreach"]["edit_rate"]
    assert line == RetrainLine(0.2, 0.25, false_alarms=0.5, scatter=0.0)
    assert line.weeks_between_false_alarms == 104


def test_no_line_is_drawn_for_nobody(tmp_path):
    assert settings(tmp_path, "").monitor == {}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("edit_rate = { acceptable = 0.25, retrain = 0.2 }", "above `acceptable`"),
        ("edit_rate = { acceptable = 0.2, retrain = 0.2 }", "above `acceptable`"),
        ("edit_rate = { acceptable = 0, retrain = 0.2 }", "`acceptable` is 0"),
        ("edit_rate = { acceptable = 0.2, retrain = 1 }", "`retrain` is 1"),
        ("edit_rate = { acceptable = 0.2 }", "`retrain` is missing"),
        ("edit_rate = { acceptable = 0.2, retrain = 0.3, watch = 0.25 }", "unknown key `watch`"),
        ("edit_rates = { acceptable = 0.2, retrain = 0.3 }", "did you mean `edit_rate`"),
        (
            "edit_rate = { acceptable = 0.2, retrain = 0.3, false_alarms = 0 }",
            "`false_alarms` is 0",
        ),
        ("edit_rate = { acceptable = 0.2, retrain = 0.3, scatter = 1 }", "`scatter` is 1"),
        ("edit_rate = 0.25", "is a number, a table"),
        ("", "draws no line"),
    ],
)
def test_a_line_that_means_nothing_is_refused_where_it_stands(tmp_path, line, said):
    with refused(said, SettingsError):
        settings(tmp_path, f"[tool.harness.monitor.outreach]\n{line}\n")


def test_a_task_that_is_no_name_is_refused(tmp_path):
    with refused("is not a name", SettingsError):
        settings(tmp_path, '[tool.harness.monitor."Out Reach"]\n')
