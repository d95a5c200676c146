"""The in-process engine on a Llama of two layers: small, but nothing about it is pretended."""

from __future__ import annotations

import json
import re
import shutil

import pytest
import torch

from harness.engines.local import originals
from harness.engines.local.device import Device
from harness.engines.local.engine import Transformers
from harness.engines.protocol import Engine, Mounted
from harness.errors import EngineFailed
from harness.records import Chat, Generation, Message, Prompt
from tests.fakes.llama import TinyLlama
from tests.fakes.refusals import refused

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # of the libraries

CPU = Device("cpu", "float32", "test")
BASE = Mounted("base", "", None)
GREEDY = Generation(max_new_tokens=12, dtype="float32", batch=8)
WARM = Generation(max_new_tokens=12, dtype="float32", batch=8, temperature=0.9, samples=2)


@pytest.fixture(scope="module", params=["llama", "gemma"], ids=["packed", "padded"])
def llama(request, tmp_path_factory):
    """One architecture whose sequences are packed, and one whose rows are padded."""
    return TinyLlama(tmp_path_factory.mktemp("base"), kind=request.param)


@pytest.fixture(scope="module")
def one(llama, tmp_path_factory):
    return llama.adapter(tmp_path_factory.mktemp("one"), name="one", seed=1)


@pytest.fixture(scope="module")
def two(llama, tmp_path_factory):
    return llama.adapter(tmp_path_factory.mktemp("two"), name="two", seed=2)


@pytest.fixture(scope="module")
def engine(llama):
    """Shared: adapters stay mounted on it, as they do in a sweep."""
    return Transformers(lambda: llama.folder, CPU)


def fresh(llama):
    return Transformers(lambda: llama.folder, CPU)


def prompt(number, ideals=("w1 w2 w3",), sample=0):
    """Lengths from 4 to about 90 tokens, so that shapes differ."""
    words = " ".join(f"w{(number * 7 + k * 3) % 60}" for k in range(2 + number * 3 % 85))
    return Prompt(f"case-{number}", (Message("user", words),), ideals, sample)


MANY = [prompt(n) for n in range(26)]


def written(engine, adapter, prompts, generation=GREEDY):
    batches = engine.generate(adapter, prompts, generation)
    return {(o.case, o.sample): o for batch in batches for o in batch}


def weighed(engine, adapter, prompts, generation=GREEDY):
    batches = engine.likelihood(adapter, prompts, generation)
    return {(w.case, w.ideal): w.nll for batch in batches for w in batch}


# --- a text depends on nothing but its prompt ---------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("temperature", [0.0, 0.9])
def test_a_text_is_the_same_alone_and_among_25_others(llama, one, dtype, temperature):
    engine = fresh(llama)
    how = Generation(max_new_tokens=12, dtype=dtype, batch=8, temperature=temperature)
    among = written(engine, one, MANY, how)
    assert len({output.text for output in among.values()}) > 5, "the texts do differ"
    for number in (0, 11, 25):
        alone = written(engine, one, [MANY[number]], how)
        assert alone[f"case-{number}", 0] == among[f"case-{number}", 0]
    backwards = written(engine, one, MANY[::-1], how)
    assert backwards == among, "in whatever order"


@pytest.mark.medium
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_likelihood_is_the_same_alone_and_among_others(llama, one, dtype):
    engine = fresh(llama)
    how = Generation(dtype=dtype, batch=8)
    among = weighed(engine, one, MANY, how)
    for number in (0, 11, 25):
        assert weighed(engine, one, [MANY[number]], how).items() <= among.items()


@pytest.mark.long
def test_another_process_would_write_the_same(llama, engine, one):
    assert written(fresh(llama), one, MANY[:5]) == written(engine, one, MANY[:5])
    assert written(fresh(llama), one, MANY[:5], WARM) == written(engine, one, MANY[:5], WARM)


@pytest.mark.medium
def test_samples_of_one_case_differ(engine, one):
    prompts = [prompt(n, sample=k) for n in range(5) for k in range(2)]
    found = written(engine, one, prompts, WARM)
    assert len(found) == 10
    assert any(found[f"case-{n}", 0].text != found[f"case-{n}", 1].text for n in range(5))


# --- likelihood ---------------------------------------------------------------------------------


def straight(llama, adapter, prompt, ideal):
    """No padding, no batch, no engine: the mean NLL of the ideal's tokens and the end token."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(llama.folder)
    model = AutoModelForCausalLM.from_pretrained(llama.folder, dtype=torch.float32).eval()
    if adapter.folder is not None:
        model = PeftModel.from_pretrained(model, adapter.folder).eval()
    turns = [{"role": m.role, "content": m.content} for m in prompt.messages]
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    given = tokenizer.encode(text, add_special_tokens=False)
    tail = [*tokenizer.encode(ideal, add_special_tokens=False), tokenizer.eos_token_id]
    with torch.no_grad():
        logits = model(torch.tensor([given + tail])).logits[0]
    chances = torch.log_softmax(logits.double(), -1)
    terms = [chances[len(given) - 1 + place, token] for place, token in enumerate(tail)]
    return -float(torch.stack(terms).mean())


@pytest.mark.long
def test_a_likelihood_is_what_a_plain_computation_gives(llama, engine, one):
    prompts = [prompt(n, (f"w{n} w5", "w7 w8 w9 w10 w11")) for n in (0, 3, 20, 25)]
    for adapter in (BASE, one):
        found = weighed(engine, adapter, prompts)
        assert len(found) == 8
        for asked in prompts:
            for place, ideal in enumerate(asked.ideals):
                wanted = straight(llama, adapter, asked, ideal)
                assert found[asked.case, place] == pytest.approx(wanted, abs=1e-4)


@pytest.mark.long
def test_greedy_writing_is_what_a_plain_loop_gives(llama, engine):
    """The base alone, one token after the other, without any cache."""
    from transformers import AutoModelForCausalLM

    found = written(engine, BASE, MANY[:6])
    model = AutoModelForCausalLM.from_pretrained(llama.folder, dtype=torch.float32).eval()
    base = engine.runner(GREEDY).base
    for asked in MANY[:6]:
        ids = list(base.formats.of(Chat()).ids(asked.messages))
        start = len(ids)
        for _ in range(GREEDY.max_new_tokens):
            with torch.no_grad():
                ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
            if ids[-1] in base.ends:
                break
        text = base.tokenizer.decode(ids[start:], skip_special_tokens=True).strip()
        assert found[asked.case, 0].text == text


@pytest.mark.slow
def test_what_the_base_would_rather_do_is_not_done(llama, engine, tmp_path):
    """A repetition penalty or a length in generation_config.json would change every text."""
    copy = shutil.copytree(llama.folder, tmp_path / "base")
    file = copy / "generation_config.json"
    own = json.loads(file.read_text())
    own |= {"repetition_penalty": 3.0, "do_sample": True, "temperature": 9.0, "min_new_tokens": 5}
    file.write_text(json.dumps(own))
    other = Transformers(lambda: copy, CPU)
    assert written(other, BASE, MANY[:6]) == written(engine, BASE, MANY[:6])


# --- adapters -----------------------------------------------------------------------------------


@pytest.mark.long
def test_adapters_are_swapped_without_leaving_a_trace(llama, one, two):
    engine = fresh(llama)
    plain = written(engine, BASE, MANY[:8])
    first = written(engine, one, MANY[:8])
    second = written(engine, two, MANY[:8])
    assert len({str(plain), str(first), str(second)}) == 3, "each changes what is written"
    assert written(engine, BASE, MANY[:8]) == plain
    assert written(engine, one, MANY[:8]) == first
    assert weighed(engine, two, MANY[:3]) == weighed(fresh(llama), two, MANY[:3])
    assert written(fresh(llama), two, MANY[:8]) == second


@pytest.mark.long
def test_the_hundredth_adapter_of_a_sweep_is_mounted_as_fast_as_the_first(llama, tmp_path):
    """What was asked long ago is taken off the base, and comes back with the same words."""
    engine = Transformers(lambda: llama.folder, CPU, fast=False)
    many = [
        llama.adapter(tmp_path / name, name=name, seed=seed) for seed, name in enumerate("abcde", 1)
    ]
    before = {adapter.name: written(engine, adapter, MANY[:4]) for adapter in many}
    model = engine.runner(GREEDY).base.model
    held = {n for m in model.modules() if hasattr(m, "lora_A") for n in m.lora_A}
    assert held == {adapter.digest for adapter in many[-2:]}
    again = {adapter.name: written(engine, adapter, MANY[:4]) for adapter in many}
    assert again == before == {a.name: written(fresh(llama), a, MANY[:4]) for a in many}


@pytest.mark.slow
def test_who_stops_listening_leaves_no_adapter_switched_off(llama, one):
    engine = fresh(llama)
    wanted = written(engine, one, MANY[:4])
    stopped = engine.generate(BASE, MANY, GREEDY)
    next(stopped)
    assert written(engine, one, MANY[:4]) == wanted
    stopped.close()


def renamed(tensors):
    return {k.replace("layers.1", "layers.7"): v for k, v in tensors.items()}


def half(tensors):
    return {k: v for k, v in tensors.items() if "layers.1" in k}


def more(tensors):
    return tensors | {k.replace("q_proj", "o_proj"): v for k, v in tensors.items() if "q_proj" in k}


@pytest.mark.long
@pytest.mark.parametrize("change", [renamed, half, more])
@pytest.mark.parametrize("first", [True, False], ids=["the first adapter", "a later one"])
def test_an_adapter_that_fits_only_in_part_is_refused(llama, one, tmp_path, change, first):
    bad = llama.adapter(tmp_path / "bad", name="bad", change=change)
    engine = fresh(llama)
    wanted = written(fresh(llama), BASE, MANY[:4])
    if not first:
        written(engine, one, MANY[:1])
    with refused("^bad: PEFT does not load it cleanly .* adapter keys, such as", EngineFailed, 11):
        written(engine, bad, MANY[:4])
    assert written(engine, BASE, MANY[:4]) == wanted, "what fitted of it must not stay"
    assert written(engine, one, MANY[:4]) == written(fresh(llama), one, MANY[:4])
    with refused("^bad: PEFT does not load it", EngineFailed, 11):
        written(engine, bad, MANY[:4])


@pytest.mark.long
@pytest.mark.parametrize("raw", [b"", b"\x08\0\0\0\0\0\0\0garbage!", b"{}"])
def test_damaged_weights_are_refused_in_one_line(llama, tmp_path, raw):
    bad = llama.adapter(tmp_path / "bad", name="bad")
    (bad.folder / "adapter_model.safetensors").write_bytes(raw)
    with refused("^bad: PEFT does not load it cleanly", EngineFailed, 11):
        written(fresh(llama), bad, MANY[:1])


@pytest.mark.long
def test_nan_weights_stop_the_run(llama, tmp_path):
    def spoilt(tensors):
        return {k: v * float("nan") if "lora_B" in k else v for k, v in tensors.items()}

    bad = llama.adapter(tmp_path / "bad", name="bad", change=spoilt)
    engine = fresh(llama)
    with refused("^bad: its logits are not numbers, so it cannot write", EngineFailed, 11):
        written(engine, bad, MANY[:1])
    with refused(r"^bad: no likelihood for case-0 \(NaN logits\)", EngineFailed, 11):
        weighed(engine, bad, MANY[:1])


@pytest.mark.long
def test_the_shift_of_an_adapter_tells_whether_it_is_applied(llama, engine, one, tmp_path):
    nothing = llama.adapter(tmp_path / "zero", name="zero", size=0.0)
    assert engine.shift(nothing, MANY[0], GREEDY) == 0.0
    assert engine.shift(one, MANY[0], GREEDY) > 0.01
    assert engine.shift(BASE, MANY[0], GREEDY) == 0.0
    half = Generation(dtype="bfloat16")
    assert engine.shift(nothing, MANY[0], half) == 0.0, "in any precision"
    assert engine.shift(one, MANY[0], half) > 0.01


# --- how outputs end ----------------------------------------------------------------------------


def test_an_output_that_was_cut_off_says_so(engine):
    found = written(engine, BASE, MANY, Generation(max_new_tokens=2, dtype="float32", batch=8))
    assert {o.finish for o in found.values()} >= {"length"}
    assert all(o.tokens == 2 for o in found.values() if o.finish == "length")


def test_an_output_ends_at_the_end_token(llama, tmp_path):
    """An adapter cannot be asked to end, so the base is made to."""
    from transformers import AutoModelForCausalLM

    copy = shutil.copytree(llama.folder, tmp_path / "base")
    model = AutoModelForCausalLM.from_pretrained(copy)
    model.lm_head.weight.data.zero_()  # every token is as likely: the lowest wins
    model.generation_config.eos_token_id = [0, 2]
    model.save_pretrained(copy)
    (output,) = written(Transformers(lambda: copy, CPU), BASE, MANY[:1]).values()
    assert (output.text, output.tokens, output.finish) == ("", 0, "stop")


def test_a_base_without_an_end_token_writes_to_the_limit(tmp_path):
    endless = TinyLlama(tmp_path / "base", end=False)
    engine = Transformers(lambda: endless.folder, CPU)
    (output,) = written(engine, BASE, MANY[:1]).values()
    assert (output.finish, output.tokens) == ("length", 12)
    (nll,) = weighed(engine, BASE, MANY[:1]).values()
    assert nll > 0


# --- bases --------------------------------------------------------------------------------------


def test_a_base_without_a_chat_template_gets_plain_lines(tmp_path):
    plain = TinyLlama(tmp_path / "base", template=None)
    engine = Transformers(lambda: plain.folder, CPU)
    asked = Prompt("c", (Message("system", "w1 w2"), Message("user", "w3")), ("w4",))
    assert written(engine, BASE, [asked])["c", 0].tokens
    base = engine.runner(Generation()).base
    assert base.tokenizer.decode(base.formats.of(Chat()).ids(asked.messages)) == "w1 w2 w3"


def test_a_template_that_refuses_a_turn_is_said_in_one_line(tmp_path):
    words = "{{ raise_exception('System role not supported') }}"
    strict = TinyLlama(tmp_path / "base", template=words)
    with refused("chat template does not take the prompt .*System role", EngineFailed, 11):
        written(Transformers(lambda: strict.folder, CPU), BASE, MANY[:1])


def test_a_benchmark_with_its_own_dtype_gets_it(llama, engine):
    """The base is loaded again: what was recorded must be what was computed."""
    for dtype in ("bfloat16", "float32"):
        how = Generation(max_new_tokens=2, dtype=dtype, batch=8)
        written(engine, BASE, MANY[:1], how)
        assert str(engine.runner(how).base.model.dtype) == f"torch.{dtype}"
        assert engine.origin(how)["decoding"]["dtype"] == dtype


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_damaged_base_is_said_in_one_line(llama, tmp_path, name):
    copy = shutil.copytree(llama.folder, tmp_path / "base")
    (copy / name).write_bytes((copy / name).read_bytes()[:50])
    with refused("base: (the base|its tokenizer) does not load", EngineFailed, 11):
        written(Transformers(lambda: copy, CPU), BASE, MANY[:1])


def test_a_base_with_code_of_its_own_is_refused_without_a_question(llama, tmp_path):
    copy = shutil.copytree(llama.folder, tmp_path / "base")
    config = json.loads((copy / "config.json").read_text())
    names = {"AutoConfig": "own.C", "AutoModelForCausalLM": "own.M"}
    config |= {"model_type": "own", "auto_map": names}
    (copy / "config.json").write_text(json.dumps(config))
    (copy / "own.py").write_text("raise SystemExit('foreign code ran')")
    with refused("base: the base does not load", EngineFailed, 11):
        written(Transformers(lambda: copy, CPU), BASE, MANY[:1])


def test_a_token_that_the_base_does_not_have_is_one_line(llama, tmp_path):
    """A tokenizer of another model beside these weights."""
    copy = shutil.copytree(llama.folder, tmp_path / "base")
    file = copy / "tokenizer.json"
    file.write_text(re.sub(r'"w3": *\d+', '"w3": 999', file.read_text()))
    asked = Prompt("c", (Message("user", "w3"),), ("w1",))
    with refused("^base: the model failed", EngineFailed, 11):
        written(Transformers(lambda: copy, CPU), BASE, [asked])


# --- the protocol -------------------------------------------------------------------------------


def test_it_keeps_the_protocol_and_loads_nothing_before_it_must(llama):
    def never():
        raise AssertionError("the base was asked for")

    one: Engine = Transformers(never, CPU)
    assert (one.name, one.likelihoods) == ("transformers", True)
    assert one.origin(GREEDY)["device"] == "cpu test"


@pytest.mark.parametrize(
    "other",
    [
        Generation(max_new_tokens=13, dtype="float32", batch=8),
        Generation(max_new_tokens=12, dtype="bfloat16", batch=8),
        Generation(max_new_tokens=12, dtype="float32", batch=9),
        Generation(max_new_tokens=12, dtype="float32", batch=8, seed=1),
        Generation(max_new_tokens=12, dtype="float32", batch=8, temperature=0.1),
    ],
)
def test_all_that_could_change_a_text_is_in_its_origin(engine, other):
    assert engine.origin(other) != engine.origin(GREEDY)


def test_the_device_is_in_the_origin_and_auto_is_resolved(llama):
    auto = Generation()
    one = Transformers(lambda: llama.folder, Device("cpu", "bfloat16", "x"))
    two = Transformers(lambda: llama.folder, Device("cuda", "bfloat16", "x"))
    assert one.origin(auto) != two.origin(auto)
    assert one.origin(auto)["decoding"]["dtype"] == "bfloat16"
    assert one.origin(auto) == one.origin(Generation(dtype="bfloat16"))


# --- memory --------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("room", [0, 2**30], ids=["scratch file", "memory"])
@pytest.mark.parametrize("fast", [True, False], ids=["torch alone", "through PEFT"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_wherever_the_base_s_own_values_are_kept_no_bit_differs(
    llama, one, two, monkeypatch, room, fast, dtype
):
    # A base in its file's dtype is mapped, a converted one lies in memory: both are merged into.
    how = Generation(max_new_tokens=6, dtype=dtype, batch=8)
    wanted = [weighed(fresh(llama), adapter, MANY[:6], how) for adapter in (one, BASE, two)]
    monkeypatch.setattr(originals, "IN_MEMORY", room)
    kept = Transformers(lambda: llama.folder, CPU, fast=fast)
    for _ in range(2):
        found = [weighed(kept, adapter, MANY[:6], how) for adapter in (one, BASE, two)]
        assert found == wanted


@pytest.mark.slow
def test_a_base_whose_file_changes_in_use_gives_no_more_texts(tmp_path):
    base = TinyLlama(tmp_path / "base", kind="gemma")
    engine, file = fresh(base), base.folder / "model.safetensors"
    steps = engine.generate(BASE, MANY, GREEDY)
    next(steps)
    with file.open("r+b") as opened:
        opened.seek(-4, 2)
        opened.write(b"\0\0\0\0")
    with refused("model.safetensors: changed while the base was in use", EngineFailed, 11):
        next(steps)


def test_a_base_that_does_not_fit_is_refused_before_it_is_loaded(llama, monkeypatch):
    monkeypatch.setattr("harness.engines.local.room.free_memory", lambda: 10**6)
    monkeypatch.setattr("harness.engines.local.engine.load_base", lambda *_: 1 / 0)
    monkeypatch.setattr("harness.engines.local.engine.fast_base", lambda *_: 1 / 0)
    with refused("needs about 0.3 GB in float32, 0.0 are free: engine openai", EngineFailed, 11):
        next(fresh(llama).generate(BASE, MANY, GREEDY))


@pytest.mark.slow
def test_a_base_that_made_room_is_loaded_again_when_it_is_asked_for(llama, one):
    engine = fresh(llama)
    before = written(engine, one, MANY[:3])
    engine.release()
    assert written(engine, one, MANY[:3]) == before
