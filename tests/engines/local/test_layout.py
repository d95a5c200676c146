"""Laid-out weights change how fast a product is made and not one bit of it."""

from __future__ import annotations

import pytest

from harness.engines.local import layout
from harness.engines.local.layout import Layout

ROWS = 16


@pytest.fixture
def model():
    import torch

    torch.manual_seed(0)
    layers = [torch.nn.Linear(192, 576), torch.nn.SiLU(), torch.nn.Linear(576, 192, bias=False)]
    return torch.nn.Sequential(*layers).bfloat16().eval()


def values(model):
    import torch

    return torch.randn(1, ROWS, 192, generator=torch.Generator().manual_seed(1)).to(
        model[0].weight.dtype
    )


def laid_out(model):
    return sum("forward" in layer.__dict__ for layer in model)


@pytest.fixture
def _supported():
    """Skip where matrices are never laid out, as on processors with AVX2 alone."""
    import torch

    if not torch.backends.mkldnn.is_available():
        pytest.skip("this build of torch has no oneDNN")
    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        pytest.skip("oneDNN has no bfloat16 products on this processor")


@pytest.mark.usefixtures("_supported")
def test_the_product_is_the_same_to_the_last_bit(model):
    import torch

    plain = model(values(model))
    with torch.inference_mode(), Layout(model, ROWS).used():
        assert laid_out(model) == 2, "nothing was laid out, so nothing is shown"
        assert torch.equal(model(values(model)), plain)


def test_in_between_the_model_is_as_it_was_so_that_another_adapter_counts(model):
    import torch

    found = Layout(model, ROWS)
    with found.used():
        pass
    assert laid_out(model) == 0
    model[2].weight.data.zero_()
    with torch.inference_mode():
        assert not model(values(model)).any()


def test_a_failure_in_the_middle_leaves_nothing_behind(model):
    with pytest.raises(ValueError), Layout(model, ROWS).used():
        raise ValueError
    assert laid_out(model) == 0


def test_another_precision_is_left_alone(model):
    with Layout(model.float(), ROWS).used():
        assert laid_out(model) == 0


def test_a_product_that_differs_by_one_bit_is_not_used(model, monkeypatch):
    import torch

    real = layout._product

    def off(layer, rows):
        product = real(layer, rows)
        return lambda given: torch.nextafter(product(given), torch.tensor(torch.inf).bfloat16())

    monkeypatch.setattr(layout, "_product", off)
    with Layout(model, ROWS).used():
        assert laid_out(model) == 0


@pytest.mark.parametrize("problem", [AttributeError, RuntimeError])
def test_a_build_of_torch_without_the_kernel_goes_the_plain_way(model, monkeypatch, problem):
    def missing(layer, rows):
        raise problem("no such operator")

    monkeypatch.setattr(layout, "_product", missing)
    with Layout(model, ROWS).used():
        assert laid_out(model) == 0


def test_a_large_model_is_not_held_twice(model, monkeypatch):
    monkeypatch.setattr(layout, "MAX_BYTES", 192 * 576 * 2)
    with Layout(model, ROWS).used():
        assert laid_out(model) <= 1


@pytest.mark.usefixtures("_supported")
def test_little_free_memory_leaves_matrices_as_they_are_and_says_so(model, monkeypatch, caplog):
    monkeypatch.setattr(layout, "free_memory", lambda: 2 * 192 * 576 * 2)
    with caplog.at_level("INFO"), Layout(model, ROWS).used():
        assert laid_out(model) <= 1
    assert "1 of 2 matrices are laid out: no room for more" in caplog.text
