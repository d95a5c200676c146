"""The right tokens reach the model: equal to plain transformers and PEFT, for every template."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import cache

import pytest
import torch

from harness.engines.local.device import Device
from harness.engines.local.engine import Transformers
from harness.engines.local.positions import read_positions
from harness.engines.local.prompts import Formats, shipped_template
from harness.engines.protocol import Mounted
from harness.errors import AdapterRefused, BenchmarkError, WeightsError
from harness.records import Chat, Generation, Message, Prompt
from tests.fakes.llama import TinyLlama
from tests.fakes.refusals import refused
from tests.fakes.small_tokenizers import (
    CHATML,
    GEMMA,
    KINDS,
    LLAMA3,
    TEMPLATES,
    small_tokenizer,
    trl_tokens,
)

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # of the libraries

CPU = Device("cpu", "float32", "test")
BASE = Mounted("base", "", None)
HOW = Generation(max_new_tokens=10, dtype="float32", batch=4)
IDEALS = ("Hi there, 80 trucks.", "Then stop\n", "1")
ASKED = [
    Prompt(f"case-{n}", (Message("user", text),), IDEALS)
    for n, text in enumerate(["How many trucks?", "Thank you.", "At night? Be brief. " * 9])
]


def answers(engine, adapter, prompts=tuple(ASKED), how=HOW):
    texts = {o.case: o for some in engine.generate(adapter, prompts, how) for o in some}
    nlls = {
        (w.case, w.ideal): w.nll for some in engine.likelihood(adapter, prompts, how) for w in some
    }
    return texts, nlls


@cache
def loaded(base, adapter):
    """Transformers and PEFT alone."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    return PeftModel.from_pretrained(model, adapter).eval(), AutoTokenizer.from_pretrained(base)


def plain(base, adapter, template, end, prompt):
    """A text and likelihoods by transformers and PEFT alone, with the tokens of TRL."""
    model, tokenizer = loaded(base.folder, adapter.folder)
    tokenizer.chat_template = template
    stops = [tokenizer.convert_tokens_to_ids(end), tokenizer.eos_token_id]
    nlls = []
    for ideal in prompt.ideals:
        ids, given = trl_tokens(tokenizer, prompt.messages, ideal)
        ids = ids[: given + 1 + next(n for n, t in enumerate(ids[given:]) if t in stops)]
        with torch.no_grad():
            chances = model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
        terms = [chances[n - 1, ids[n]] for n in range(given, len(ids))]
        nlls.append(-float(torch.stack(terms).mean()))
    if template:
        turns = [{"role": m.role, "content": m.content} for m in prompt.messages]
        asked = tokenizer.apply_chat_template(turns, add_generation_prompt=True)["input_ids"]
    else:
        asked = tokenizer(prompt.messages[0].content + "\n")["input_ids"]
    written = model.generate(
        input_ids=torch.tensor([asked]),
        attention_mask=torch.ones(1, len(asked), dtype=torch.long),
        max_new_tokens=HOW.max_new_tokens,
        do_sample=False,
        eos_token_id=stops,
        pad_token_id=tokenizer.pad_token_id,
    )
    return tokenizer.decode(written[0, len(asked) :], skip_special_tokens=True).strip(), nlls


@pytest.fixture(scope="module", params=[*KINDS, "padded"])
def made(request, tmp_path_factory):
    """A base without a template, and an adapter: the template is put beside a copy of it."""
    words, model = (KINDS[0], "gemma") if request.param == "padded" else (request.param, "llama")
    folder = tmp_path_factory.mktemp("made")
    found = TinyLlama(folder / "base", kind=model, tokenizer=small_tokenizer(words))
    return found, found.adapter(folder / "lora", name="lora", seed=1)


@pytest.mark.long
@pytest.mark.parametrize("family", TEMPLATES)
def test_texts_and_likelihoods_are_those_of_plain_transformers_and_peft(family, made, tmp_path):
    base, lora = made
    template, end = TEMPLATES[family]
    folder = shutil.copytree(base.folder, tmp_path / "base")
    if template:
        (folder / "chat_template.jinja").write_text(template)
    texts, nlls = answers(Transformers(lambda: folder, CPU), lora)
    for asked in ASKED:
        text, wanted = plain(base, lora, template, end, asked)
        assert texts[asked.case].text == text
        found = [nlls[asked.case, place] for place in range(len(IDEALS))]
        assert found == pytest.approx(wanted, abs=1e-5)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """ChatML on a base whose own end token is another one."""
    tokenizer = small_tokenizer("byte level", CHATML)
    return TinyLlama(tmp_path_factory.mktemp("base"), tokenizer=tokenizer)


@pytest.fixture(scope="module")
def lora(base, tmp_path_factory):
    return base.adapter(tmp_path_factory.mktemp("lora"), name="lora", seed=1)


@pytest.mark.long
@pytest.mark.parametrize("merge", [True, False])
def test_an_output_ends_where_the_template_ends_a_turn(base, lora, merge, monkeypatch):
    engine = Transformers(lambda: base.folder, CPU, merge=merge)
    form, seen = engine.formats().of(Chat()), []
    with monkeypatch.context() as patch:
        patch.setattr(form, "answer", lambda ids: str(seen.append(list(ids))))
        answers(engine, lora, ASKED[:1])
    (ids,) = seen
    end = replace(form.end, text=form.tokenizer.decode([ids[4]]), token=ids[4])
    monkeypatch.setitem(form.__dict__, "end", end)
    output = answers(engine, lora, ASKED[:1])[0]["case-0"]
    assert (output.finish, output.tokens) == ("stop", ids.index(ids[4]))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["llama", "gemma"], ids=["packed", "padded"])
def test_an_output_ends_at_a_text_where_the_end_is_no_token(kind, tmp_path, monkeypatch):
    tokenizer = small_tokenizer("byte level", CHATML)
    model = TinyLlama(tmp_path / "base", kind=kind, tokenizer=tokenizer)
    engine = Transformers(lambda: model.folder, CPU)
    texts, _ = answers(engine, BASE)
    form = engine.formats().of(Chat())
    case, text = next((c, o.text) for c, o in texts.items() if len(o.text) > 5)
    stop = next(text[n : n + 2] for n in range(1, 9) if " " not in text[n : n + 2])
    monkeypatch.setitem(form.__dict__, "end", replace(form.end, text=stop, token=None))
    again = answers(engine, BASE)[0]
    assert again[case].finish == "stop" and again[case].text == text.partition(stop)[0].strip()
    for one, before in texts.items():
        assert again[one].text == before.text.partition(stop)[0].strip()


# --- whose template -------------------------------------------------------------------------------


def shipping(lora, folder, **files):
    """Copy an adapter and put files beside its weights."""
    shutil.copytree(lora.folder, folder)
    for name, text in files.items():
        (folder / name.replace("_jinja", ".jinja").replace("_json", ".json")).write_text(text)
    return Mounted("shipped", "other", folder)


@pytest.mark.long
def test_a_template_from_a_file_replaces_the_bases(base, lora):
    engine = Transformers(lambda: base.folder, CPU)
    chat = Chat("turns.jinja", LLAMA3)
    asked = [replace(prompt, chat=chat) for prompt in ASKED]
    other, wanted = answers(engine, lora, asked), plain(base, lora, LLAMA3, "<|eot_id|>", ASKED[0])
    assert other[0]["case-0"].text == wanted[0] and other != answers(engine, lora)
    found = [other[1]["case-0", place] for place in range(len(IDEALS))]
    assert found == pytest.approx(wanted[1], abs=1e-5)
    described = engine.formats().of(chat).described
    assert described == {"template": "turns.jinja", "ends": "<|eot_id|>"}


@pytest.mark.long
@pytest.mark.parametrize("where", ["chat_template_jinja", "tokenizer_config_json"])
def test_the_adapters_own_template_is_used_where_the_benchmark_says_so(base, lora, where, tmp_path):
    text = GEMMA if "jinja" in where else json.dumps({"chat_template": GEMMA})
    adapter = shipping(lora, tmp_path / "a", **{where: text})
    engine = Transformers(lambda: base.folder, CPU)
    chat = Chat("adapter")
    asked = [replace(prompt, chat=chat) for prompt in ASKED]
    found = answers(engine, adapter, asked)
    text, nlls = plain(base, lora, GEMMA, "<end_of_turn>", ASKED[1])
    assert found[0]["case-1"].text == text
    assert [found[1]["case-1", n] for n in range(3)] == pytest.approx(nlls, abs=1e-5)
    assert engine.formats().of(chat, adapter.folder).source == "adapter"
    assert answers(engine, BASE, asked) == answers(engine, BASE), "the base itself has its own"
    assert answers(engine, adapter)[0] != found[0], "without a word the base's is used"
    assert engine.shift(adapter, asked[0], HOW) == engine.shift(adapter, ASKED[0], HOW)


def test_an_adapter_that_ships_a_tokenizer_is_asked_in_its_tokens(base, lora, tmp_path):
    adapter = shipping(lora, tmp_path / "a")
    small_tokenizer("metaspace", CHATML).save_pretrained(adapter.folder)
    formats = Formats(lambda: base.folder)
    own = formats.of(Chat(), adapter.folder).ids(ASKED[0].messages)
    found = formats.of(Chat("adapter"), adapter.folder)
    wanted = small_tokenizer("metaspace").encode(found.text(ASKED[0].messages))[1:]
    assert list(found.ids(ASKED[0].messages)) == wanted != list(own)


def test_an_adapter_without_a_template_has_the_bases(base, lora):
    found = Formats(lambda: base.folder).of(Chat("adapter"), lora.folder)
    assert (found.source, found.template) == ("base", CHATML)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"chat_template": "one"}, "one"),
        ({"chat_template": {"default": "two", "tools": "x"}}, "two"),
        ({"chat_template": [{"name": "default", "template": "three"}]}, "three"),
        ({"chat_template": {"tools": "x"}}, None),
        ({"chat_template": 3}, None),
        ([], None),
    ],
)
def test_every_form_of_a_shipped_template_is_found(told, found, tmp_path):
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(told))
    assert shipped_template(tmp_path) == found


def test_a_shipped_template_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "tokenizer_config.json").write_text("{")
    with refused("tokenizer_config.json is not JSON", AdapterRefused):
        shipped_template(tmp_path)
    (tmp_path / "chat_template.jinja").write_bytes(b"\xff\xfe\x00")
    with refused("chat_template.jinja: is no text", AdapterRefused):
        shipped_template(tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("ask", [True, False])
@pytest.mark.parametrize("source", ["adapter", "turns.jinja"])
def test_a_hostile_template_is_stopped_wherever_it_comes_from(base, lora, source, ask, tmp_path):
    """Also one that runs away only while the ideal's turn is rendered."""
    loop = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    wish = "" if ask else "not "
    hostile = (
        f"{{% if {wish}add_generation_prompt %}}{loop}{{% endif %}}{{{{ messages[0].content }}}}"
    )
    adapter = shipping(lora, tmp_path / "a", chat_template_jinja=hostile)
    chat = Chat("adapter") if source == "adapter" else Chat(source, hostile)
    form = Formats(lambda: base.folder).of(chat, adapter.folder)
    named = "the adapter's chat template" if source == "adapter" else "the chat template turns"
    with refused(rf"{named}.* takes longer than 2 s for one prompt", WeightsError):
        form.ids(ASKED[0].messages, ask)


def test_variables_reach_the_template(base):
    template = "{{ messages[0].content }}{% if brief %} Be brief.{% endif %}"
    formats = Formats(lambda: base.folder)
    assert formats.of(Chat("t", template, {"brief": True})).text(ASKED[0].messages).endswith("ef.")
    assert formats.of(Chat("t", template)).text(ASKED[0].messages).endswith("trucks?")


# --- positions ------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("kind", ["llama", "gpt2"], ids=["packed", "padded"])
def test_an_output_ends_at_the_bases_last_position_and_says_so(kind, tmp_path):
    tokenizer = small_tokenizer("byte level", CHATML)
    sizes = {} if kind == "llama" else {"n_embd": 32, "n_head": 4, "n_layer": 2}
    model = TinyLlama(tmp_path / "base", kind=kind, tokenizer=tokenizer, positions=48, **sizes)
    engine = Transformers(lambda: model.folder, CPU)
    formats = engine.formats()
    assert formats.positions == 48
    asked = [Prompt(f"case-{n}", (Message("user", "0 " * n),), ("1",)) for n in range(1, 17, 3)]
    formats.refuse_long(asked)
    how = Generation(max_new_tokens=40, dtype="float32", batch=4)
    texts, _ = answers(engine, BASE, asked, how)
    full = 0
    for prompt in asked:
        room = 48 - len(formats.of(Chat()).ids(prompt.messages))
        output = texts[prompt.case]
        assert output.tokens <= min(room, 40)
        full += output.tokens == room < 40 and output.finish == "length"
    assert full, "some end there"


def test_a_case_that_fitted_is_not_made_tokens_of_again_for_the_next_adapter(base, monkeypatch):
    formats, asked = Formats(lambda: base.folder), []
    formats.refuse_long(ASKED)
    form = formats.of(ASKED[0].chat)
    monkeypatch.setattr(form, "ids", lambda messages: asked.append(messages) or (0,))
    monkeypatch.setattr(form, "pair", lambda messages, ideal: ((0,), (0,)))
    formats.refuse_long([replace(prompt, case="of another") for prompt in ASKED])
    assert asked == []
    formats.refuse_long([replace(ASKED[0], ideals=("another",))])
    assert len(asked) == 1


def test_a_case_that_does_not_fit_is_named_with_its_figures(base):
    formats = Formats(lambda: base.folder)
    long = replace(ASKED[0], case="long", ideals=("short", "trucks " * 600))
    formats.refuse_long(ASKED)
    with refused(r"long: its prompt has [\d,]+ tokens and its ideal [\d,]+, the base reads 512 at"):
        formats.refuse_long([*ASKED, long])
    alone = replace(long, messages=(Message("user", "trucks " * 600),), ideals=())
    with refused(r"long: its prompt has [\d,]+ tokens, the base reads 512", BenchmarkError):
        formats.refuse_long([alone])


@pytest.mark.parametrize(
    ("told", "positions"),
    [
        ({"max_position_embeddings": 512}, 512),
        ({"n_positions": 1024}, 1024),
        ({"text_config": {"max_position_embeddings": 256}, "max_position_embeddings": 9}, 256),
        ({"max_position_embeddings": 100, "rope_scaling": {"type": "linear", "factor": 4.0}}, 400),
        (
            {
                "max_position_embeddings": 400,
                "rope_parameters": {
                    "rope_type": "yarn",
                    "factor": 4.0,
                    "original_max_position_embeddings": 100,
                },
            },
            400,
        ),
        ({"max_position_embeddings": 100, "rope_scaling": {"type": "llama3", "factor": 8}}, 100),
        ({"max_position_embeddings": 2048, "alibi": True}, None),
        ({"max_position_embeddings": None}, None),
        ({}, None),
        ([], None),
    ],
)
def test_the_number_of_positions_is_read_from_any_config(told, positions, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(told))
    assert read_positions(tmp_path / "config.json") == positions
