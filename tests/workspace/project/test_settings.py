import pytest

from harness.errors import SettingsError
from harness.records import Generation
from harness.workspace.project.settings import read_settings
from tests.fakes.refusals import refused


def settings(folder, text):
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return read_settings(folder)


def test_only_the_base_must_be_said(tmp_path):
    found = settings(tmp_path, '[tool.harness]\nbase = "org/name"\n')
    assert found.root == tmp_path.resolve()
    assert (found.base, found.engine) == ("org/name", "transformers")
    assert found.store == "sqlite:///reports/harness.db"
    assert found.benchmarks == found.root / "benchmarks"
    assert found.generation == Generation()


def test_everything_can_be_said(tmp_path):
    found = settings(
        tmp_path,
        '[tool.harness]\nbase = "b"\nembedder = "none"\nstore = "sqlite:///x.db"\n'
        'benchmarks = "bb"\nadapters = "/elsewhere"\nreports = "rr"\nengine = "recorded"\n'
        '[tool.harness.generation]\nmax_new_tokens = 8\ndtype = "float32"\nbatch = 4\nseed = 3\n'
        "samples = 2\ntemperature = 1\n",
    )
    assert str(found.adapters) == "/elsewhere"
    assert found.generation == Generation(8, "float32", 4, 3, 2, 1.0)


def test_settings_hold_in_the_folders_below(tmp_path):
    settings(tmp_path, '[tool.harness]\nbase = "b"\n')
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\n")
    assert read_settings(below).root == tmp_path.resolve()


def test_the_working_directory_is_where_looking_begins(tmp_path, monkeypatch):
    settings(tmp_path, '[tool.harness]\nbase = "b"\n')
    monkeypatch.chdir(tmp_path)
    assert read_settings().base == "b"


def test_no_settings_anywhere_says_what_to_add(tmp_path):
    with refused(r"no pyproject.toml with \[tool.harness\] here or above, add one", SettingsError):
        read_settings(tmp_path)


WRONG = {
    "no base": ("", r"\[tool.harness\]: `base` is missing"),
    "a blank base": ('base = " "', "`base` is empty"),
    "base is a number": ("base = 1", "`base` is a number, a text is needed"),
    "base is a date": ("base = 2026-01-01", "`base` is a date or time, a text is needed"),
    "a typo": ('base = "b"\nembeder = "x"', "unknown key `embeder`, did you mean `embedder`"),
    "an unknown key": ('base = "b"\nzzz = 1', "unknown key `zzz`, known are adapters, base"),
    "a list": ('base = "b"\nreports = []', "`reports` is a list, a text is needed"),
    "generation is a text": ('base = "b"\ngeneration = "x"', "is a text, a table of keys"),
    "an unknown dtype": (
        'base = "b"\n[tool.harness.generation]\ndtype = "int8"',
        r"\[generation\]: `dtype` is 'int8', allowed are auto, bfloat16, float16, float32",
    ),
    "no tokens": ('base = "b"\ngeneration.max_new_tokens = 0', "is 0, allowed are 1 to 8192"),
    "too many rows": ('base = "b"\ngeneration.batch = 1025', "is 1025, allowed are 1 to 1024"),
    "batch is true": ('base = "b"\ngeneration.batch = true', "a whole number is needed"),
    "a negative seed": ('base = "b"\ngeneration.seed = -1', "`seed` is -1"),
    "a huge seed": (
        f'base = "b"\ngeneration.seed = {9**30}',
        "`seed` is 42391158275216203514294433201",
    ),
    "temperature nan": ('base = "b"\ngeneration.temperature = nan', "is nan, allowed are 0 to 10"),
    "temperature inf": ('base = "b"\ngeneration.temperature = inf', "is inf"),
    "greedy samples": (
        'base = "b"\ngeneration.samples = 2',
        "`samples` above 1 needs a `temperature` above 0",
    ),
    "a typo in generation": (
        'base = "b"\ngeneration.temprature = 1.0',
        "unknown key `temprature`, did you mean `temperature`",
    ),
}


@pytest.mark.parametrize(("text", "line"), WRONG.values(), ids=WRONG)
def test_a_wrong_setting_is_named_with_its_file(tmp_path, text, line):
    place = r"pyproject\.toml:\d+ \[tool\.harness\].*"
    with refused(place + line.removeprefix(r"\[tool.harness\]: "), SettingsError):
        settings(tmp_path, f"[tool.harness]\n{text}\n")


def test_settings_that_are_no_table_are_refused(tmp_path):
    with refused("is a number, a table of keys and values is needed", SettingsError):
        settings(tmp_path, "[tool]\nharness = 3\n")
