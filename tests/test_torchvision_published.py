"""`labcode.count` equals what torchvision publishes for every one of its classification models."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torchvision import models

from labcode import count

# torchvision builds these with other settings when it loads published weights: GoogLeNet drops
# its two auxiliary heads, Inception v3 keeps its own; neither needs random initial weights.
_SETTINGS: dict[str, dict[str, Any]] = {
    "googlenet": {"aux_logits": False, "init_weights": False},
    "inception_v3": {"init_weights": False},
}
WEIGHTS = [
    (name, weights)
    for name in models.list_models(module=models)
    for weights in models.get_model_weights(name)
]


class _Shells(TorchFunctionMode):
    """Makes parameters without memory; sizes that a model computes for itself stay real."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func in (torch.empty, torch.zeros, torch.ones):
            kwargs["device"] = "meta"
        return func(*args, **kwargs)


@cache
def _built(name: str, image_size: int | None) -> nn.Module:
    settings = dict(_SETTINGS.get(name, {}))
    if image_size is not None:
        settings["image_size"] = image_size
    with _Shells():
        return models.get_model(name, **settings)


def _cost(name: str, weights: Any) -> Any:
    size = weights.transforms.keywords["crop_size"]
    # A vision transformer's position table has the size of the images that it was trained on.
    return count(_built(name, size if name.startswith("vit") else None), (3, size, size))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "weights"), WEIGHTS, ids=[f"{n}-{w.name}" for n, w in WEIGHTS])
def test_equals_the_published_params_and_operations(name: str, weights: Any) -> None:
    cost = _cost(name, weights)
    assert cost.params == weights.meta["num_params"]
    # `_ops` is printed with three digits, in units of 10^9; torchvision calls it GFLOPS and
    # means multiply-adds.
    assert round(cost.macs / 1e9, 3) == weights.meta["_ops"]
    assert cost.uncounted == {}
    assert sum(row.params for row in cost.layers) == cost.params
    assert sum(row.macs for row in cost.layers) == cost.macs


def test_every_classification_model_is_covered() -> None:
    names = {name for name, _ in WEIGHTS}
    assert names == set(models.list_models(module=models))
    assert len(names) == 80
    assert len(WEIGHTS) >= 110


def test_googlenet_s_auxiliary_heads_are_what_the_published_figure_leaves_out() -> None:
    weights = models.GoogLeNet_Weights.IMAGENET1K_V1
    with _Shells():
        model = models.googlenet(aux_logits=True, init_weights=False)
    cost = count(model)
    heads = [row for row in cost.layers if row.name.startswith("aux")]
    assert cost.params - sum(row.params for row in heads) == weights.meta["num_params"]
    assert {row.calls for row in heads} == {0}
    assert sum(row.macs for row in heads) == 0
