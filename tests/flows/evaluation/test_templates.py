"""An adapter that ships another chat template or tokenizer is judged only once one is chosen."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest

from harness.engines.local import shipped
from harness.engines.local.rendering import answer
from harness.errors import AdapterRefused
from harness.flows.evaluation import templates
from harness.flows.evaluation.context import Request
from harness.flows.evaluation.doctor import doctor
from harness.flows.evaluation.session import open_session
from harness.flows.evaluation.sweep import sweep
from harness.records import Verdict
from tests.fakes.engines import EchoEngine
from tests.fakes.project import (
    BENCHMARK,
    CASES,
    GUARD,
    GUARD_BENCHMARK,
    GUARD_CASES,
    TASK,
    TinyProject,
)
from tests.fakes.refusals import refused
from tests.fakes.tokenizers import CHATML, change_json, save_tokenizer
from tests.flows.conftest import session

OTHER = CHATML.replace("<|im_start|>", "### ")
TEMPLATE, CONFIG, TOKENIZER = "chat_template.jinja", "tokenizer_config.json", "tokenizer.json"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """The base's tokenizer, saved once."""
    folder = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(folder)
    return folder


@pytest.fixture
def inside(monkeypatch):
    """Compare in this process: starting another takes seconds, and the hostile cases do it."""
    monkeypatch.setattr(
        shipped, "_answer", lambda request, _: json.dumps(answer(json.loads(request)))
    )


@pytest.fixture
def shipping(project: TinyProject, made: Path, monkeypatch):
    """A project whose base has a tokenizer; returns the folder of adapter v1."""
    for file in made.iterdir():
        shutil.copy(file, project.folder / "base")
    monkeypatch.setattr(
        "harness.flows.evaluation.backends.LocalBackend._open_engine", lambda *_: EchoEngine()
    )
    monkeypatch.setattr("harness.flows.evaluation.doctor.applied_shift", lambda *_: 1.0)
    config = {"model_type": "llama", "hidden_size": 8, "num_attention_heads": 2}
    (project.folder / "base" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    # the base now has more files, so the adapter names it anew
    project.adapter("v1", task="openers").write()
    return project.folder / "adapters" / "v1"


def local(project: TinyProject):
    return open_session(
        project.project, Request((TASK,), engine="transformers"), lambda step, done, total: None
    )


def judged(project: TinyProject) -> Verdict:
    with local(project) as opened:
        return opened.candidate("v1").evaluate(opened.benchmark(TASK)).verdict


def choose(project: TinyProject, chat: str) -> None:
    project.benchmark(TASK, f"{BENCHMARK}\n[chat]\n{chat}\n", CASES)
    project.benchmark(GUARD, f"{GUARD_BENCHMARK}\n[chat]\n{chat}\n", GUARD_CASES)


def all_of(made: Path, folder: Path) -> None:
    for file in made.iterdir():
        shutil.copy(file, folder)


def other_template(made, folder):
    (folder / TEMPLATE).write_text(OTHER, encoding="utf-8")


def template_within_the_config(made, folder):
    shutil.copy(made / CONFIG, folder)
    change_json(folder / CONFIG, lambda table: table.update(chat_template=OTHER))


def other_default_system_turn(made, folder):
    only_system = "{% if messages[0]['role'] == 'system' %}Be brief.\n{% endif %}"
    (folder / TEMPLATE).write_text(only_system + CHATML, encoding="utf-8")


def another_end_of_the_answer(made, folder):
    ends = "{% if message['role'] == 'assistant' %}<|endoftext|>{% else %}<|im_end|>{% endif %}"
    text = CHATML.replace("<|im_end|>", ends)
    (folder / TEMPLATE).write_text(text, encoding="utf-8")


def other_end_token(made, folder):
    all_of(made, folder)
    change_json(folder / CONFIG, lambda table: table.update(eos_token="<|endoftext|>"))


def further_special_tokens(made, folder):
    save_tokenizer(folder, special=("<tool>", "</tool>"))


def special_words_of_the_prompts(made, folder):
    save_tokenizer(folder, special=("Freight",))


def other_merges(made, folder):
    save_tokenizer(folder, texts=["zu viele Wörter einer anderen Sprache, zu viele"])


def whole_other_tokenizer(made, folder):
    save_tokenizer(folder, template=OTHER, end="<|endoftext|>", vocabulary=280)


def no_template_of_its_own_but_other_merges(made, folder):
    save_tokenizer(folder, template=None, texts=["logistics of health, logistics of health"])


DIFFERENT = (
    other_template, template_within_the_config, other_default_system_turn,
    another_end_of_the_answer, other_end_token, further_special_tokens,
    special_words_of_the_prompts, other_merges, whole_other_tokenizer,
    no_template_of_its_own_but_other_merges,
)  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("plant", DIFFERENT, ids=lambda plant: plant.__name__)
def test_what_makes_other_texts_or_tokens_is_refused_in_one_line(
    project, inside, shipping, made, plant
):
    plant(made, shipping)
    with refused(r'\[chat\] template = "adapter" or "base"', AdapterRefused, code=4):
        judged(project)
    choose(project, 'template = "base"')
    assert judged(project).candidate == "v1"
    choose(project, 'template = "adapter"')
    assert judged(project).candidate == "v1"


def same_files(made, folder):
    all_of(made, folder)


def other_white_space(made, folder):
    all_of(made, folder)
    for name in (CONFIG, TOKENIZER):
        change_json(folder / name, lambda table: None, indent=7, sort_keys=name == CONFIG)


def fields_that_change_nothing(made, folder):
    all_of(made, folder)
    more = {"model_max_length": 123, "padding_side": "right", "note": "x", "pad_token": "<think>"}
    change_json(folder / CONFIG, lambda table: table.update(more))


def template_moved_into_the_config(made, folder):
    all_of(made, folder)
    text = (folder / TEMPLATE).read_text(encoding="utf-8")
    (folder / TEMPLATE).unlink()
    change_json(folder / CONFIG, lambda table: table.update(chat_template=text))


def template_written_in_other_words(made, folder):
    text = CHATML.replace("message['role']", "message.role").replace("message ", "message  ")
    (folder / TEMPLATE).write_text("{# ours #}" + text, encoding="utf-8")


def padding_token_of_its_own(made, folder):
    save_tokenizer(folder, special=("<|PAD|>",))
    change_json(folder / CONFIG, lambda table: table.update(pad_token="<|PAD|>"))


def tokenizer_without_template(made, folder):
    save_tokenizer(folder, template=None)


SAME = (
    same_files, other_white_space, fields_that_change_nothing, template_moved_into_the_config,
    template_written_in_other_words, padding_token_of_its_own, tokenizer_without_template,
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("plant", SAME, ids=lambda plant: plant.__name__)
def test_files_that_differ_only_in_bytes_are_judged(project, inside, shipping, made, plant):
    plant(made, shipping)
    assert judged(project).candidate == "v1"


@pytest.mark.slow
def test_an_adapter_that_ships_nothing_starts_no_process(project, inside, shipping, monkeypatch):
    monkeypatch.setattr(templates, "compare", None)
    assert judged(project).candidate == "v1"


@pytest.mark.slow
def test_the_comparison_is_made_once_and_again_for_other_files(
    project, inside, shipping, made, monkeypatch
):
    template_written_in_other_words(made, shipping)
    judged(project)
    monkeypatch.setattr(templates, "compare", None)  # a second comparison would fail
    judged(project)
    monkeypatch.setattr(templates, "compare", shipped.compare)
    other_template(made, shipping)
    with refused(r"writes 8 of 8 prompts of openers differently; .* \(and in that of manners\)"):
        judged(project)


@pytest.mark.slow
def test_a_template_that_differs_only_for_turns_of_no_case_is_judged_and_told_by_the_doctor(
    project, inside, shipping, made
):
    other_default_system_turn(made, shipping)
    plain = BENCHMARK.replace('system = "You write first lines."\n', "")
    project.benchmark(TASK, plain, CASES)
    assert judged(project).candidate == "v1"
    told = [check for check in doctor(project.project, "v1") if check.name == "template"]
    assert all(check.ok for check in told)
    assert "but not with every turn of system, user and assistant" in told[0].message


@pytest.mark.medium
def test_the_doctor_says_what_differs_and_what_is_chosen(project, inside, shipping, made):
    other_end_token(made, shipping)

    def told() -> list[tuple[bool, str]]:
        found = doctor(project.project, "v1")
        return [(check.ok, check.message) for check in found if check.name == "template"]

    ok, message = told()[0]
    assert not ok
    assert "ends a text with `<|endoftext|>`, the base's with `<|im_end|>`" in message
    choose(project, 'template = "adapter"')
    ok, message = told()[0]
    assert ok
    assert message.endswith('[chat] template = "adapter" is chosen')


@pytest.mark.slow
def test_a_sweep_names_the_adapter_and_goes_on_with_the_others(project, inside, shipping, made):
    project.adapter("v2", task="openers", seed=3).write()
    other_template(made, shipping)
    with local(project) as opened:
        found = {one.adapter: one for one in sweep(opened, ["v1", "v2"])}
    assert found["v1"].code == 4
    assert "its own chat template" in found["v1"].error
    assert found["v2"].verdict is not None


@pytest.mark.medium
def test_an_engine_without_the_base_here_asks_nothing(project, engine, made):
    other_template(made, project.folder / "adapters" / "v1")
    with session(project, engine, Request((TASK,))) as opened:
        assert opened.candidate("v1").evaluate(opened.benchmark(TASK)).run.adapter == "v1"


ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}x"
ENDLESS += "{% endfor %}{% endfor %}{% endfor %}"
HUGE = "{% set ns = namespace(x='x' * 1000000) %}{% for a in range(99999) %}"
HUGE += "{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}"


@pytest.mark.long
@pytest.mark.parametrize(
    "template",
    [pytest.param(ENDLESS, id="endless"), pytest.param(HUGE, id="huge", marks=pytest.mark.slow)],
)
def test_a_template_that_runs_away_is_stopped(project, shipping, monkeypatch, template):
    monkeypatch.setattr(shipped, "SECONDS", 3.0)
    (shipping / TEMPLATE).write_text(template, encoding="utf-8")
    begun = time.monotonic()
    with pytest.raises(AdapterRefused, match=r"v1: its (own chat|tokenizer or chat template)"):
        judged(project)
    assert time.monotonic() - begun < 60  # the time of the process's start, and 3 s


@pytest.mark.long
def test_a_pattern_that_runs_for_ever_is_stopped(project, shipping, made, monkeypatch):
    monkeypatch.setattr(shipped, "SECONDS", 3.0)
    all_of(made, shipping)

    def plant(table) -> None:
        table["pre_tokenizer"] = {
            "type": "Split", "behavior": "Isolated", "invert": False,
            "pattern": {"Regex": "(?:(?:[a-zA-Z ]+)+)+[0-9]{9}"},
        }  # fmt: skip

    change_json(shipping / TOKENIZER, plant)
    project.benchmark(TASK, BENCHMARK, [CASES[0] | {"input": "aA " * 2000}, *CASES[1:]])
    with pytest.raises(AdapterRefused):
        judged(project)


@pytest.mark.medium
@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": "1.0"}', '{"model": null}', "\x00", "9" * 10_000]
)
def test_a_damaged_tokenizer_is_refused_in_one_line(project, inside, shipping, made, text):
    all_of(made, shipping)
    (shipping / TOKENIZER).write_text(text, encoding="utf-8")
    with refused("v1: its tokenizer", AdapterRefused, code=4):
        judged(project)


@pytest.mark.medium
def test_a_pipe_in_place_of_a_template_is_refused(project, shipping):
    import os

    os.mkfifo(shipping / TEMPLATE)
    with pytest.raises(AdapterRefused):
        judged(project)


@pytest.mark.long
def test_code_beside_a_tokenizer_is_never_run(project, shipping, made):
    all_of(made, shipping)
    mark = project.folder / "ran"
    (shipping / "evil.py").write_text(f"open({str(mark)!r}, 'w')", encoding="utf-8")
    (project.folder / "transformers.py").write_text(f"open({str(mark)!r}, 'w')", encoding="utf-8")
    auto = {"AutoTokenizer": ["evil.Evil", "evil.Evil"]}
    change_json(
        shipping / CONFIG, lambda table: table.update(auto_map=auto, tokenizer_class="Evil")
    )
    (shipping / "evil.py").unlink()  # the doctor refuses it anyway
    with pytest.raises(AdapterRefused):
        judged(project)
    assert not mark.exists()
    assert json.loads((shipping / CONFIG).read_text())["auto_map"] == auto
