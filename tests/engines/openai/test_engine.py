"""A server that answers 429, 500, nothing, half an answer or garbage; and one that answers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.engines.local.prompts import Formats
from harness.engines.openai.engine import OpenAI
from harness.engines.openai.requests import chat_body
from harness.engines.protocol import Engine, Mounted
from harness.errors import AdapterRefused, EngineFailed, SettingsError
from harness.records import Chat, Endpoint, Generation, Message, Prompt
from tests.fakes.openai_server import BASE, CHAT, WEIGH, OpenAIServer, Reply
from tests.fakes.refusals import refused
from tests.fakes.small_tokenizers import GEMMA, SPECIAL, small_tokenizer

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # of the libraries

KEY = "sk-do-not-tell-anybody"
PLAIN = Mounted("base", "", None)
GREEDY = Generation(max_new_tokens=12)


@pytest.fixture
def server():
    with OpenAIServer() as made:
        yield made


@pytest.fixture(autouse=True)
def _no_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def engine(server, **how):
    quick = {"model": BASE, "timeout": 2.0, "retries": 2}
    return OpenAI(Endpoint(server.url, **(quick | how)), None)


def prompt(number, sample=0):
    return Prompt(f"case-{number}", (Message("user", f"input {number}"),), ("w1 w2",), sample)


def written(engine, prompts, adapter=PLAIN, generation=GREEDY):
    groups = engine.generate(adapter, prompts, generation)
    return {(o.case, o.sample): o for group in groups for o in group}


@pytest.fixture
def adapter(tmp_path):
    return Mounted("v1", "0123456789abcdef", tmp_path)


def test_it_keeps_the_protocol(server):
    one: Engine = engine(server)
    assert (one.name, one.likelihoods) == ("openai", False)


# --- asking -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_prompt_is_answered_once_whatever_the_order(server):
    server.pause = 0.01
    found = written(engine(server, concurrency=4), [prompt(n) for n in range(25)])
    assert {case: o.text for (case, _), o in found.items()} == {
        f"case-{n}": f"input {n}" for n in range(25)
    }
    assert len(server.bodies(CHAT)) == 25


@pytest.mark.slow
def test_no_more_than_the_limit_are_under_way(server):
    server.pause = 0.05
    written(engine(server, concurrency=3), [prompt(n) for n in range(12)])
    assert server.most == 3


def test_what_is_asked_is_the_decoding_and_nothing_that_servers_do_not_know(server):
    turns = (Message("system", "be brief"), Message("user", "hello"))
    written(engine(server), [Prompt("a", turns)], generation=GREEDY)
    assert server.bodies(CHAT) == [
        {
            "model": BASE,
            "messages": [
                {"role": "system", "content": "be brief"},
                {"role": "user", "content": "hello"},
            ],
            "max_tokens": 12,
            "temperature": 0.0,
        }
    ]


@pytest.mark.medium
def test_samples_have_seeds_of_their_own_that_are_the_same_every_time(server):
    warm = Generation(temperature=0.8, samples=3, seed=5)
    asked = [prompt(n, sample) for n in range(2) for sample in range(3)]
    for _ in range(2):
        written(engine(server), asked, generation=warm)
    seeds = [body["seed"] for body in server.bodies(CHAT)]
    assert len(set(seeds)) == 6
    assert sorted(seeds[:6]) == sorted(seeds[6:])


def test_the_end_of_a_text_is_told_as_the_server_tells_it(server):
    choice = {"message": {"content": " cut "}, "finish_reason": "length"}
    server.next("POST", CHAT, Reply(body={"choices": [choice], "usage": {"completion_tokens": 7}}))
    (found,) = written(engine(server), [prompt(1)]).values()
    assert (found.text, found.finish, found.tokens) == ("cut", "length", 7)


def test_where_it_asked_addresses_an_output_and_no_secret_does(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    one = engine(server)
    origin = one.origin(Generation(batch=4, dtype="float32"))
    assert (origin["url"], origin["model"]) == (server.url, BASE)
    assert origin == one.origin(Generation(batch=8, dtype="bfloat16"))
    assert origin != one.origin(Generation(max_new_tokens=1))
    assert KEY not in json.dumps(origin)
    assert server.asked == []


def test_the_first_base_that_a_server_lists_is_the_base(server):
    server.modules["v1-else"] = "there"
    assert engine(server, model="").origin(GREEDY)["model"] == BASE
    server.next("GET", "/models", Reply(body={"data": []}))
    with refused("lists no model, name the base's as `model`", SettingsError):
        engine(server, model="").model()


# --- a server that has a bad day ----------------------------------------------------------------

OK = {"choices": [{"message": {"content": "fine"}, "finish_reason": "stop"}]}
HALF = json.dumps(OK).encode()

PASSING = {
    "429": Reply(429, {"error": {"message": "slow down"}}, {"Retry-After": "0"}),
    "429 until a date that has passed": Reply(
        429, {}, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}
    ),
    "429 with a strange wish": Reply(429, b"", {"Retry-After": "soon"}),
    "500": Reply(500, b"Internal Server Error"),
    "503": Reply(503, {"detail": "starting"}),
    "nothing": Reply(raw=b""),
    "no HTTP": Reply(raw=b"\x00\xff\xfe SSH-2.0\r\n"),
    "half an answer": Reply(body=HALF, length=len(HALF) + 50),
}


@pytest.mark.medium
@pytest.mark.parametrize("reply", PASSING.values(), ids=PASSING)
def test_what_may_pass_is_asked_again(server, reply):
    server.next("POST", CHAT, reply)
    assert len(written(engine(server), [prompt(1)])) == 1
    assert len(server.bodies(CHAT)) == 2


@pytest.mark.slow
@pytest.mark.parametrize("reply", PASSING.values(), ids=PASSING)
def test_what_does_not_pass_ends_in_one_line(server, reply):
    server.next("POST", CHAT, *[reply] * 3)
    with refused(r"/v1/chat/completions: .*asked 3 times; run the same", EngineFailed, 11):
        written(engine(server), [prompt(1)])


GARBAGE = {
    "a page": (b"<html>It works!</html>", "is not JSON .*<html>It works"),
    "nothing": (b"", "is not JSON .*nothing"),
    "half of it": (HALF[:-9], "is not JSON"),
    "another encoding": ("ü".encode("utf-16"), "is not JSON"),
    "nested deeply": (b"[" * 200_000, "is not JSON"),
    "a huge number": (b'{"choices": ' + b"9" * 6000 + b"}", "is not JSON"),
    "half of a surrogate pair": (
        rb'{"choices": [{"message": {"content": "fine \ud83d"}, "finish_reason": "stop"}]}',
        "holds half of a surrogate pair, which is no text",
    ),
    "a text": ("fine", "holds no choice"),
    "a list": ([], "holds no choice"),
    "no choices": ({"choices": []}, "holds no choice"),
    "a choice that is none": ({"choices": ["fine"]}, "holds no choice"),
    "no message": ({"choices": [{"finish_reason": "stop"}]}, "holds no text"),
    "no content": ({"choices": [{"message": {"content": None}}]}, "holds no text"),
    "a number": ({"choices": [{"message": {"content": 3}}]}, "holds no text"),
    "no end": ({"choices": [{"message": {"content": "x"}}]}, "ended by 'None'"),
    "withheld": (
        {"choices": [{"message": {"content": "x"}, "finish_reason": "content_filter"}]},
        "ended by 'content_filter', not by stop or length",
    ),
    "a strange end": (
        {"choices": [{"message": {"content": "x"}, "finish_reason": ["stop"]}]},
        "ended by .* not by stop or length",
    ),
}


@pytest.mark.parametrize(("body", "line"), GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_one_line_and_not_asked_again(server, body, line):
    server.next("POST", CHAT, Reply(body=body))
    with refused(r"/v1/chat/completions: the answer " + line, EngineFailed, 11):
        written(engine(server), [prompt(1)])
    assert len(server.bodies(CHAT)) == 1


@pytest.mark.slow
def test_an_answer_without_end_is_not_read_to_its_end(server):
    server.next("POST", CHAT, Reply(body=b" " * (16 * 1024 * 1024 + 1)))
    with refused("longer than 16,777,216 bytes", EngineFailed, 11):
        written(engine(server), [prompt(1)])


def test_a_packed_answer_is_not_unpacked(server):
    server.next("POST", CHAT, Reply(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}))
    with refused(r"packed \(gzip\)", EngineFailed, 11):
        written(engine(server), [prompt(1)])


@pytest.mark.slow
@pytest.mark.parametrize(
    "reply",
    [
        Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + b"x" * 900, slow=0.05),
        Reply(raw=b"HTTP/1.1 200 OK\r\nX: " + b"y" * 900, slow=0.05),
    ],
    ids=["a body", "headers"],
)
def test_a_server_that_drips_does_not_hold_anybody_up(server, reply):
    server.next("POST", CHAT, reply)
    with refused("no whole answer within 0.3 s, asked once", EngineFailed, 11):
        written(engine(server, timeout=0.3, retries=0), [prompt(1)])


def test_the_deadline_is_for_all_of_it_and_a_long_wait_is_not_begun(server):
    server.next("POST", CHAT, Reply(429, {}, {"Retry-After": "86400"}))
    with refused("says 429.* the deadline of 5 s for all is over", EngineFailed, 11):
        written(engine(server, deadline=5.0), [prompt(1)])


def test_a_server_that_is_not_there_is_one_line(server):
    one = engine(server, retries=0)
    server.__exit__()
    with refused("no answer .*run the same command again", EngineFailed, 11):
        written(one, [prompt(1)])
    server.__enter__()


@pytest.mark.slow
def test_what_was_finished_is_handed_out_before_the_error(server):
    found = []
    one = engine(server, concurrency=3)
    server.next("POST", CHAT, Reply(body=b"<", hold=0.5))
    with refused("is not JSON", EngineFailed, 11):
        for group in one.generate(PLAIN, [prompt(n) for n in range(9)], GREEDY):
            found += group
    assert len({o.case for o in found}) == 8


def test_who_stops_listening_leaves_no_request_behind(server):
    server.pause = 0.05
    some = engine(server, concurrency=2).generate(PLAIN, [prompt(n) for n in range(50)], GREEDY)
    next(some)
    some.close()
    assert len(server.bodies(CHAT)) <= 4


# --- requests that are wrong --------------------------------------------------------------------


def test_a_missing_key_names_where_it_belongs(server):
    server.next("POST", CHAT, Reply(401, {"error": {"message": "no key"}}))
    with refused(r"says 401 \(no key\), put its key into \$OPENAI_API_KEY", SettingsError):
        written(engine(server), [prompt(1)])


@pytest.mark.parametrize("status", [400, 404, 422, 302])
def test_a_request_that_the_server_does_not_want_is_not_asked_again(server, status):
    server.next("POST", CHAT, Reply(status, {"error": {"message": "not\nthis"}}))
    with refused(rf"/v1/chat/completions: the server says {status} \(not this\)"):
        written(engine(server), [prompt(1)])
    assert len(server.bodies(CHAT)) == 1


def test_the_key_is_sent_and_stands_in_no_line_and_no_text(server, monkeypatch):
    monkeypatch.setenv("OTHER_KEY", KEY)
    server.write = lambda model, messages, body: f"your key is {KEY}"
    one = engine(server, key="OTHER_KEY")
    (found,) = written(one, [prompt(1)]).values()
    assert found.text == "your key is ***"
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    server.next("POST", CHAT, Reply(403, {"detail": f"{KEY} is wrong"}))
    with refused(r"says 403 \(\*\*\* is wrong\), \$OTHER_KEY holds the wrong key", SettingsError):
        written(one, [prompt(1)])


def test_a_key_that_is_none_is_refused_unseen(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "schlüssel-geheim")
    with pytest.raises(SettingsError, match=r"\$OPENAI_API_KEY: holds signs that no key") as caught:
        written(engine(server), [prompt(1)])
    assert "geheim" not in str(caught.value)


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert written(engine(server, retries=0), [prompt(1)])


# --- adapters -----------------------------------------------------------------------------------


@pytest.mark.medium
def test_an_adapter_is_loaded_under_its_digest_once_and_taken_out_again(server, adapter):
    one = engine(server)
    for _ in range(2):
        found = written(one, [prompt(1)], adapter)
    assert found["case-1", 0].text == "1 tupni"
    (load,) = server.bodies("/load_lora_adapter")
    assert load["lora_name"].startswith("v1-0123456789ab-")
    assert load["lora_path"] == str(adapter.folder)
    assert {body["model"] for body in server.bodies(CHAT)} == {load["lora_name"]}
    one.close()
    one.close()
    assert server.modules == {}
    assert len(server.bodies("/unload_lora_adapter")) == 1


@pytest.mark.medium
def test_a_module_under_the_old_name_is_not_judged(server, adapter):
    server.modules["v1"] = "stale"
    written(engine(server), [prompt(1)], adapter)
    assert server.bodies(CHAT)[0]["model"] != "v1"


def test_a_module_that_names_the_digest_is_used_and_left_there(server, adapter):
    server.loads = False
    server.modules["v1-0123456789ab"] = "put there by hand"
    one = engine(server)
    written(one, [prompt(1)], adapter)
    one.close()
    assert server.bodies(CHAT)[0]["model"] == "v1-0123456789ab"
    assert "v1-0123456789ab" in server.modules


@pytest.mark.medium
def test_the_folder_is_named_as_the_server_sees_it(server, adapter):
    written(engine(server, adapters="/srv/adapters/"), [prompt(1)], adapter)
    assert server.bodies("/load_lora_adapter")[0]["lora_path"] == "/srv/adapters/v1"


def test_a_server_that_loads_nothing_says_how_to_start_it(server, adapter):
    server.loads = False
    with refused(r"has no model v1-0123456789ab .*VLLM_ALLOW_RUNTIME_LORA_UPDATING", SettingsError):
        written(engine(server), [prompt(1)], adapter)


def test_an_adapter_that_the_server_does_not_take_is_refused(server, adapter):
    why = {"error": {"message": "LoRA rank 64 is greater than max_lora_rank 16"}}
    server.next("POST", "/load_lora_adapter", Reply(400, why))
    with refused("v1: the server does not load it.*rank 64", AdapterRefused):
        written(engine(server), [prompt(1)], adapter)


@pytest.mark.medium
def test_a_server_that_began_anew_is_loaded_anew_the_next_time(server, adapter):
    one = engine(server)
    written(one, [prompt(1)], adapter)
    server.modules.clear()
    with refused("the server has no v1-0123456789ab-.* any more; run", EngineFailed, 11):
        written(one, [prompt(1)], adapter)
    assert written(one, [prompt(1)], adapter)


@pytest.mark.medium
def test_a_server_that_is_gone_at_the_end_is_no_error(server, adapter):
    one = engine(server)
    written(one, [prompt(1)], adapter)
    server.next("POST", "/unload_lora_adapter", Reply(500, b""))
    one.close()


# --- on a real base, behind a server ------------------------------------------------------------


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    from tests.fakes.llama import TinyLlama

    return TinyLlama(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def lora(llama, tmp_path_factory):
    return llama.adapter(tmp_path_factory.mktemp("lora"), name="lora", seed=1)


class Behind:
    """The in-process engine as a server would have it."""

    def __init__(self, llama):
        from harness.engines.local.device import Device
        from harness.engines.local.engine import Transformers

        self.folder = llama.folder
        self.engine = Transformers(lambda: llama.folder, Device("cpu", "float32", "test"))
        self.server = OpenAIServer(self.write, self.weigh, count=lambda turns: len(self.ids(turns)))
        self.lock = __import__("threading").Lock()

    def mounted(self, model):
        place = self.server.modules.get(model)
        return Mounted(model, model if place else "", Path(place) if place else None)

    def ids(self, turns):
        base = self.engine.runner(Generation(dtype="float32")).base
        turns = [Message(t["role"], t["content"]) for t in turns]
        return base.formats.of(Chat()).ids(turns)

    def write(self, model, turns, body):
        asked = Prompt("x", tuple(Message(t["role"], t["content"]) for t in turns))
        how = Generation(max_new_tokens=body["max_tokens"], dtype="float32", batch=1)
        with self.lock:
            ((output,),) = self.engine.generate(self.mounted(model), [asked], how)
        return output.text

    def weigh(self, model, ids):
        import torch
        from peft import PeftModel
        from transformers import AutoModelForCausalLM

        with self.lock, torch.inference_mode(False), torch.no_grad():
            plain = AutoModelForCausalLM.from_pretrained(self.folder, dtype=torch.float32)
            place = self.mounted(model).folder
            asked = PeftModel.from_pretrained(plain, place) if place else plain
            logits = asked.eval()(torch.tensor([ids]), use_cache=False).logits[0]
        found = logits.log_softmax(-1)[:-1].gather(1, torch.tensor(ids[1:])[:, None])[:, 0]
        return [0.0, *found.tolist()]


@pytest.fixture
def behind(llama):
    made = Behind(llama)
    with made.server as server:
        made.engine.runner(Generation(dtype="float32"))
        yield made, OpenAI(Endpoint(server.url), lambda: llama.folder)


WORDS = [
    Prompt(f"case-{n}", (Message("user", f"w{n} w{n + 7} w{3 * n}"),), (f"w{n} w1", "w2"))
    for n in range(6)
]


def weighed(engine, adapter, prompts=WORDS):
    return {
        (w.case, w.ideal): w.nll
        for group in engine.likelihood(adapter, prompts, Generation(dtype="float32"))
        for w in group
    }


@pytest.mark.long
@pytest.mark.parametrize("which", ["base", "adapter"])
def test_texts_and_likelihoods_are_the_in_process_ones(behind, lora, which):
    inside, outside = behind
    adapter = lora if which == "adapter" else PLAIN
    how = Generation(max_new_tokens=8, dtype="float32")
    here, there = (written(e, WORDS, adapter, how) for e in (inside.engine, outside))
    assert {k: o.text for k, o in here.items()} == {k: o.text for k, o in there.items()}
    assert len({o.text for o in here.values()}) > 3
    assert weighed(outside, adapter) == pytest.approx(weighed(inside.engine, adapter), abs=1e-5)


@pytest.mark.long
def test_an_adapter_is_shown_to_be_applied(behind, lora):
    inside, outside = behind
    assert outside.shift(lora, WORDS[0], GREEDY) > 0.01
    inside.mounted = lambda model: PLAIN  # a server that answers as the base whatever is asked
    assert outside.shift(lora, WORDS[0], GREEDY) == 0


@pytest.mark.medium
def test_a_server_without_log_probabilities_leaves_likelihoods_missing(behind):
    inside, outside = behind
    inside.server.weigh = None
    assert set(weighed(outside, PLAIN).values()) == {None}
    assert outside.shift(PLAIN, WORDS[0], GREEDY) is None


def test_a_server_without_them_is_an_error_where_they_must_be_had(behind, llama):
    inside, _ = behind
    inside.server.weigh = None
    strict = OpenAI(Endpoint(inside.server.url, likelihoods="always"), lambda: llama.folder)
    with refused("gives no log-probabilities of a prompt", SettingsError):
        weighed(strict, PLAIN)


def test_they_are_not_asked_for_where_nobody_wants_them(llama):
    never = OpenAI(Endpoint("http://127.0.0.1:9/v1", likelihoods="never"), lambda: llama.folder)
    assert not never.likelihoods


def test_another_chat_template_at_the_server_is_noticed(behind):
    inside, outside = behind
    inside.server.count = lambda turns: 99
    with refused("makes 99 tokens of a prompt that the base makes 6 of", SettingsError):
        weighed(outside, PLAIN)


WRONG = {
    "too few": lambda ids: [None, -0.1],
    "another token": lambda ids: [None, *[{"59999": {"logprob": -0.1}}] * (len(ids) - 1)],
    "not a number": lambda ids: [None, *[{str(i): {"logprob": "-0.1"}} for i in ids[1:]]],
    "true": lambda ids: [None, *[{str(i): {"logprob": True}} for i in ids[1:]]],
    "NaN": lambda ids: [None, *[{str(i): {"logprob": float("nan")}} for i in ids[1:]]],
    "above one": lambda ids: [None, *[{str(i): {"logprob": 0.5}} for i in ids[1:]]],
    "infinite": lambda ids: [None, *[{str(i): {"logprob": float("-inf")}} for i in ids[1:]]],
    "a text": lambda ids: "none",
}


@pytest.mark.parametrize("give", WRONG.values(), ids=WRONG)
def test_log_probabilities_that_are_none_are_garbage(behind, give):
    inside, outside = behind
    row = outside._row(WORDS[0], 0)
    choice = {"text": "", "prompt_logprobs": give(row.ids)}
    inside.server.next("POST", WEIGH, Reply(body={"choices": [choice]}))
    with refused(r"/v1/completions: the answer has no log-probability", EngineFailed, 11):
        weighed(outside, PLAIN)


def test_a_tokenizer_that_does_not_load_is_one_line(behind, llama, tmp_path):
    inside, _ = behind
    shutil.copy(llama.folder / "config.json", tmp_path)
    with refused("its tokenizer does not load", EngineFailed, 11):
        weighed(OpenAI(Endpoint(inside.server.url), lambda: tmp_path), PLAIN)


# --- chat templates -----------------------------------------------------------------------------


def test_the_benchmarks_template_and_variables_travel_with_the_request(llama, lora, tmp_path):
    turns = (Message("user", "w1"),)
    how = Generation(max_new_tokens=8)
    file = Chat("turns.jinja", "{{ messages[0].content }} <end>", {"calm": True})
    body = asked_of(Prompt("x", turns, chat=file), how, llama)
    assert body["chat_template"] == file.text and body["chat_template_kwargs"] == {"calm": True}
    folder = shutil.copytree(lora.folder, tmp_path / "lora")
    (folder / "chat_template.jinja").write_text("mine")
    own = Prompt("x", turns, chat=Chat("adapter"))
    assert asked_of(own, how, llama, folder)["chat_template"] == "mine"
    assert "chat_template" not in asked_of(own, how, llama), "the base has its own"
    plain = asked_of(Prompt("x", turns), how, llama)
    assert not {"chat_template", "chat_template_kwargs", "stop", "stop_token_ids"} & set(plain)


def test_an_end_of_turn_that_the_server_may_not_know_is_sent(llama, tmp_path):
    folder = tmp_path / "base"
    made = small_tokenizer("byte level", GEMMA)
    made.save_pretrained(folder)
    turns = (Message("system", "Be brief."), Message("user", "Hi"))
    how = Generation(max_new_tokens=8)
    form = Formats(lambda: folder).of(Chat())
    body = chat_body("base", Prompt("x", turns), how, form, None)
    assert body["stop_token_ids"] == [made.convert_tokens_to_ids("<end_of_turn>")]
    assert body["messages"] == [{"role": "user", "content": "Be brief.\n\nHi"}]
    plain = [token for token in SPECIAL if "turn" not in token]
    small_tokenizer("byte level", GEMMA, plain).save_pretrained(tmp_path / "other")
    form = Formats(lambda: tmp_path / "other").of(Chat())
    body = chat_body("base", Prompt("x", turns), how, form, None)
    assert body["stop"] == ["<end_of_turn>"] and "stop_token_ids" not in body


def asked_of(prompt, how, llama, adapter=None):
    form = Formats(lambda: llama.folder).of(prompt.chat, adapter)
    return chat_body("base", prompt, how, form, adapter)
