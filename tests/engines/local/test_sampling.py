import math

import pytest
import torch

from harness.engines.local.sampling import Sampler, SamplerProcessor, _gumbel
from harness.errors import EngineFailed
from harness.records import Generation, Message, Prompt
from tests.fakes.refusals import refused

GREEDY = Generation()
WARM = Generation(temperature=1.0, seed=3)


def prompt(text="x", sample=0, case="c"):
    return Prompt(case, (Message("user", text),), sample=sample)


def chosen(choice, scores):
    found = choice(None, torch.as_tensor(scores))
    assert ((found == 0).sum(-1) == 1).all(), "exactly one token is possible"
    return found.argmax(-1).tolist()


def test_greedy_takes_the_largest():
    assert chosen(
        SamplerProcessor([prompt()] * 2, Sampler(GREEDY, "a")), [[0.0, 2, 1], [5, 2, 1]]
    ) == [
        1,
        0,
    ]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_ties_go_to_the_lowest_token(dtype):
    scores = torch.tensor([[1, 7, 7, 7], [7, 7, 7, 7]], dtype=dtype)
    assert chosen(SamplerProcessor([prompt()] * 2, Sampler(GREEDY, "a")), scores) == [1, 0]


@pytest.mark.parametrize("generation", [GREEDY, WARM])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_logits_that_are_no_numbers_stop_the_run(generation, bad):
    with refused("^v9: its logits are not numbers, so it cannot write", EngineFailed, code=11):
        SamplerProcessor([prompt()], Sampler(generation, "v9"))(
            None, torch.tensor([[0.0, bad, 1.0]])
        )


def test_a_row_without_any_possible_token_stops_the_run():
    with refused("its logits are not numbers", EngineFailed, code=11):
        SamplerProcessor([prompt()], Sampler(GREEDY, "v9"))(
            None, torch.tensor([[-math.inf, -math.inf]])
        )


def test_a_token_that_is_ruled_out_is_never_drawn():
    scores = torch.tensor([[-math.inf, 0.0, -math.inf]])
    choice = SamplerProcessor([prompt()], Sampler(WARM, "a"))
    assert {chosen(choice, scores)[0] for _ in range(50)} == {1}


def draws(prompts, generation=WARM, row=0, steps=40):
    """The tokens that a row gets in a batch, step after step."""
    choice = SamplerProcessor(prompts, Sampler(generation, "a"))
    torch.manual_seed(1)
    scores = torch.randn(steps, 1, 30).expand(-1, len(prompts), -1)
    return [chosen(choice, step)[row] for step in scores]


def test_a_sample_is_the_same_alone_and_in_any_batch():
    others = [prompt(f"other {n}") for n in range(7)]
    alone = draws([prompt()])
    assert draws([prompt(), *others]) == alone
    assert draws([*others, prompt()], row=7) == alone


def test_a_sample_depends_on_its_seed_number_and_prompt_only():
    one = draws([prompt()])
    assert draws([prompt()]) == one
    assert draws([prompt(case="another id")]) == one
    assert draws([prompt(sample=1)]) != one
    assert draws([prompt("y")]) != one
    assert draws([prompt()], Generation(temperature=1.0, seed=4)) != one


def test_the_adapters_name_does_not_change_the_noise():
    """Two adapters are compared on the same draws."""
    scores = torch.randn(1, 30)
    noise = [_gumbel(scores, [Sampler(WARM, name).noise(prompt())]) for name in ("v1", "v2")]
    assert torch.equal(*noise)


@pytest.mark.long
def test_the_noise_makes_samples_of_the_softmax():
    scores = torch.tensor([[0.0, 1.0, 2.0]])
    choice = SamplerProcessor([prompt()], Sampler(Generation(temperature=0.5), "a"))
    found = torch.bincount(torch.tensor([chosen(choice, scores)[0] for _ in range(4000)]))
    wanted = torch.softmax(scores[0] / 0.5, -1)
    assert torch.allclose(found / 4000, wanted, atol=0.03)
