"""A run's seed decides everything: the first training begins alike whatever was drawn before it."""

import pytest
import torch

from labcode import studies
from labcode.studies import registry
from labcode.studies.definition import Table
from labcode.studies.low_rank import low_rank_trials
from labcode.training import loop

FROM_ELSEWHERE = {"cifar10", "clothes", "photographs", "own_networks"}  # no digits, no training
NOT_HERE = {  # these train nothing, or only what was stored, on lessons with a seed of their own
    "architecture_low_rank",
    "deep_compression_lenet5_dense",
    "deep_compression_lenet5_taught",
    "deep_compression_taught_by_lenet5",
    "design_space_samplers",
    "pruning_orders",
    "pruning_random_units",
    "pruning_units",
    "quantization_int8",
    "quantization_ranges",
    "scoreboard_quantization",
}


class Begun(Exception):
    """A training began: no further."""


def settings() -> list:
    """One run of each table whose runs train on digits."""
    found = []
    for study in registry.studies().values():
        for table in study.tables:
            if study.name in FROM_ELSEWHERE or not isinstance(table, Table) or not table.function:
                continue
            if table.name not in NOT_HERE:
                runs = table.runs(*(studies.table(other.name) for other in table.needs))
                found.append(pytest.param(table.function, runs[-1], id=table.name))
    return found


def first_weights(function, setting, drawn: int, monkeypatch) -> list[torch.Tensor]:
    """The weights of a run's first training, after some chance."""
    kept: list[torch.Tensor] = []

    def begin(_optimizer, model, **_):
        kept.extend(p.detach().clone() for p in model.parameters())
        raise Begun

    monkeypatch.setattr(loop, "make_optimizer", begin)
    torch.manual_seed(drawn)
    with pytest.raises(Begun):
        function(**setting)
    return kept


@pytest.mark.slow
@pytest.mark.parametrize(("function", "setting"), settings())
def test_what_was_drawn_before_changes_no_run(function, setting, monkeypatch):
    once, again = (first_weights(function, setting, drawn, monkeypatch) for drawn in (1, 2))
    assert once
    assert all(torch.equal(a, b) for a, b in zip(once, again, strict=True))


def test_no_two_seeds_share_a_thin_layer():
    one, two = (low_rank_trials.thin_network("lenet_300_100", 8, seed) for seed in (0, 1))
    for name, weight in one.named_parameters():
        if weight.any():  # biases begin at zero
            assert not torch.equal(weight, two.get_parameter(name)), name
