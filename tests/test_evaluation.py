"""labcode.training's evaluation, seeds and choice of the device."""

import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from labcode.data import Split
from labcode.training import Evaluation, evaluate, pick_device, seed_everything


def split_and_model() -> tuple[Split, nn.Module]:
    torch.manual_seed(0)
    split = Split(torch.rand(120, 1, 4, 4), torch.arange(120) % 3, "noise")
    return split, nn.Sequential(nn.Flatten(), nn.Linear(16, 3), nn.BatchNorm1d(3))


@pytest.mark.parametrize("batch_size", [1, 7, 120, 1000])
def test_evaluation_equals_counting_by_hand_for_every_batch_size(batch_size):
    split, model = split_and_model()
    model.eval()
    with torch.no_grad():
        logits = model(split.images)
    found = evaluate(model, split, batch_size=batch_size)
    by_hand = sum(
        int(row.argmax()) == int(label) for row, label in zip(logits, split.labels, strict=True)
    )
    assert (found.correct, found.n) == (by_hand, 120)
    assert found.loss == pytest.approx(float(F.cross_entropy(logits, split.labels)), rel=1e-5)


def test_the_standard_error_is_that_of_a_share():
    found = Evaluation(correct=90, n=100, loss=0.5)
    assert found.accuracy == 0.9
    draws = np.random.default_rng(0).binomial(100, 0.9, 200_000) / 100
    assert found.standard_error == pytest.approx(draws.std(), rel=0.01)
    assert repr(found) == "Evaluation(90.0 % ± 3.0 %, 90 of 100, loss 0.5000)"


def test_seed_everything_seeds_all_three():
    def draws() -> tuple[float, float, float]:
        return random.random(), float(np.random.random()), float(torch.rand(()))  # noqa: NPY002

    seed_everything(3)
    first = draws()
    seed_everything(3)
    assert draws() == first
    seed_everything(4)
    assert not set(draws()) & set(first)
    for bad, error in ((-1, ValueError), (2**32, ValueError), (1.0, TypeError), (True, TypeError)):
        with pytest.raises(error, match="seed"):
            seed_everything(bad)


def test_the_device_is_chosen_or_given(monkeypatch):
    assert pick_device("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    assert pick_device() == torch.device("cuda", 1)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert pick_device() == torch.device("mps")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert pick_device() == torch.device("cpu")
    with pytest.raises(RuntimeError):
        pick_device("abacus")
