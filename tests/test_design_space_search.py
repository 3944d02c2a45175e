"""Search: the front and its volume by brute force, samplers on a known space, the networks."""

import itertools

import numpy as np
import optuna
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.trial import TrialState
from torch import nn
from torch.nn import functional as F

import labcode
from labcode import search
from labcode.models.small_squeezenet import small_squeezenet
from labcode.search.trial import COUNTED, count
from labcode.studies import protocol
from labcode.studies.design_space import BYPASSES, SHARES, trials
from tests.examples import examples


def point_sets(aims):
    row = st.tuples(*[st.integers(0, 6)] * aims)
    return st.lists(row, min_size=1, max_size=9).map(lambda rows: np.array(rows, dtype=float))


@settings(max_examples=examples(80))
@given(st.sampled_from([1, 2, 3]).flatmap(point_sets))
def test_the_front_is_that_of_loops(points):
    def beaten(p):
        return any(all(q <= p) and any(q < p) for q in points)

    assert search.not_dominated(points).tolist() == [not beaten(p) for p in points]


@settings(max_examples=examples(80))
@given(st.sampled_from([1, 2, 3]).flatmap(point_sets))
def test_the_volume_is_the_number_of_unit_cubes(points):
    """On whole numbers the volume is a count of cubes that some point beats."""
    cubes = itertools.product(range(5), repeat=points.shape[1])
    beaten = sum(any(all(p <= np.array(cube)) for p in points) for cube in cubes)
    assert search.hypervolume(points, np.full(points.shape[1], 5.0)) == beaten


def test_the_volume_grows_to_the_whole():
    points = np.random.default_rng(0).random((20, 3))
    grown = search.growth(points, np.ones(3))
    assert (np.diff(grown) >= -1e-12).all()  # sums in another order round differently
    assert grown[-1] == search.hypervolume(points, np.ones(3))


def squares(x, y):
    return {"left": (x - 1) ** 2 + y, "right": -((x - 4) ** 2) - y, "note": x + y}


TOY = search.Problem(
    {"x": (0, 1, 2, 3, 4, 5), "y": (0, 1, 2)},
    {"left": "minimize", "right": "maximize"},
    squares,
)


@pytest.mark.parametrize("sampler", search.SAMPLERS)
def test_every_sampler_finds_the_front_of_a_small_space(sampler):
    study = search.explore(TOY, n_trials=90, sampler=sampler, seed=1)
    found = search.table(study, TOY)
    assert len(found) == 90
    assert {(row.x, row.y) for row in found[found["best"]].itertuples()} == {
        (1, 0), (2, 0), (3, 0), (4, 0)
    }  # fmt: skip
    assert set(found.index[found["best"]]) == {trial.number for trial in study.best_trials}
    assert (found["note"] == found["x"] + found["y"]).all()


def test_the_same_seed_proposes_the_same():
    runs = [search.explore(TOY, n_trials=25, sampler="nsga2", seed=s) for s in (5, 5, 6)]
    proposals = [[trial.params for trial in study.trials] for study in runs]
    assert proposals[0] == proposals[1] != proposals[2]


@pytest.mark.slow
def test_a_study_goes_on_where_it_stopped_and_stops_where_it_shall(tmp_path):
    where = tmp_path / "toy.db"
    search.explore(TOY, n_trials=4, storage=where)
    study = search.explore(TOY, n_trials=7, storage=where)
    assert [trial.number for trial in study.trials] == list(range(7))
    again = search.explore(TOY, n_trials=5, storage=where)
    assert len(again.trials) == 7


@pytest.mark.slow
def test_a_database_can_be_the_place(tmp_path):
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    search.explore(TOY, n_trials=3, storage=url)
    study = search.explore(TOY, n_trials=5, storage=url)
    assert count(study, TrialState.COMPLETE) == 5
    assert optuna.load_study(study_name="design space", storage=url).metric_names == [
        "left",
        "right",
    ]


@pytest.mark.slow
def test_an_error_fails_its_trial_and_the_study_can_go_on(tmp_path):
    broken = iter([None, ZeroDivisionError("x")])

    def measure(x, y):
        if error := next(broken, None):
            raise error
        return squares(x, y)

    problem = search.Problem(TOY.space, TOY.aims, measure)
    with pytest.raises(ZeroDivisionError):
        search.explore(problem, n_trials=3, storage=tmp_path / "toy.db")
    study = search.explore(problem, n_trials=3, storage=tmp_path / "toy.db")
    states = [trial.state.name for trial in study.trials]
    assert states == ["COMPLETE", "FAIL", "COMPLETE", "COMPLETE"]


@pytest.mark.slow
def test_a_measure_that_is_no_number_ends_the_search(tmp_path):
    problem = search.Problem(TOY.space, TOY.aims, lambda x, y: {"left": 1.0, "right": np.nan})
    with pytest.raises(ValueError, match=r"a number for each aim, got nan for \['right'\]"):
        search.explore(problem, n_trials=2, storage=tmp_path / "toy.db")
    study = search.explore(TOY, n_trials=2, storage=tmp_path / "toy.db")
    assert [trial.state.name for trial in study.trials] == ["FAIL", "COMPLETE", "COMPLETE"]


def test_an_interrupt_puts_its_setting_back_in_the_queue():
    keys = iter([None, KeyboardInterrupt()])

    def measure(x, y):
        if error := next(keys, None):
            raise error
        return squares(x, y)

    problem = search.Problem(TOY.space, TOY.aims, measure)
    storage = optuna.storages.InMemoryStorage()
    with pytest.raises(KeyboardInterrupt):
        search.explore(problem, n_trials=3, storage=storage)
    study = search.explore(problem, n_trials=3, storage=storage)
    assert study.trials[2].params == study.trials[1].params
    assert count(study, *COUNTED) == 3


@pytest.mark.slow
def test_bad_arguments_are_named(tmp_path):
    with pytest.raises(ValueError, match="aims\\['left'\\] must be 'maximize' or 'minimize'"):
        search.Problem({"x": (1,)}, {"left": "down"}, squares)
    with pytest.raises(ValueError, match="space\\['x'\\] must have options, each once"):
        search.Problem({"x": (1, 1)}, {"left": "minimize"}, squares)
    with pytest.raises(ValueError, match="n_trials must be at least 1, got 0"):
        search.explore(TOY, n_trials=0)
    with pytest.raises(ValueError, match=r"the path must not hold \?, \{ or \}"):
        search.open_storage(tmp_path / "what?.db")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        search.open_storage(tmp_path / "nowhere" / "toy.db")
    with pytest.raises(ValueError, match="grace must be more than the heartbeat, 10, got 5"):
        search.open_storage(tmp_path / "toy.db", grace=5)
    with pytest.raises(ValueError, match="problem must be written module:name, got 'trials'"):
        search.find_problem("trials")
    with pytest.raises(TypeError, match="must be a Problem, got"):
        search.find_problem("labcode.studies.protocol:digits")
    with pytest.raises(KeyError, match="measure returned no right"):
        TOY.values({"left": 1.0})
    search.explore(TOY, n_trials=1, storage=tmp_path / "toy.db")
    other = search.Problem(TOY.space, {"left": "minimize"}, squares)
    with pytest.raises(ValueError, match="exists, with other aims"):
        search.explore(other, n_trials=1, storage=tmp_path / "toy.db")


@pytest.mark.parametrize("bypass", BYPASSES)
@pytest.mark.parametrize("share", SHARES)
def test_the_network_is_its_fire_modules_by_hand(bypass, share):
    kind = None if bypass == "plain" else bypass
    model = small_squeezenet(squeeze_ratio=0.5, expand3x3_share=share, bypass=kind)
    x = torch.rand(2, 1, 28, 28)
    out = F.relu(model.conv1(x))
    for number in (2, 3, 4, 5):
        if number == 4:
            out = F.max_pool2d(out, 2, ceil_mode=True)
        block = model.features.get_submodule(f"fire{number}")
        fire = getattr(block, "fire", block)
        squeezed = F.relu(fire.squeeze(out))
        parts = [layer(squeezed) for layer in (fire.expand1x1, fire.expand3x3) if layer]
        around = 0
        if bypass == "complex" and number in (2, 4):
            around = block.conv(out)
        elif bypass != "plain" and number in (3, 5):
            around = out
        out = F.relu(torch.cat(parts, 1)) + around
    assert torch.allclose(model(x), model.conv6(out).mean((2, 3)), atol=1e-6)
    convolutions = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    weights = sum(c.weight.numel() + c.out_channels for c in convolutions)
    assert weights == labcode.count(model, (1, 28, 28)).params


def test_the_row_says_its_costs():
    model = small_squeezenet(squeeze_ratio=1.0)
    row = trials.costs(model)
    assert row["params"] == sum(p.numel() for p in model.parameters())
    assert 0 < row["bytes_on_disk"] - 4 * row["params"] < 3000  # the header of the file
    with pytest.raises(ValueError, match="expand3x3_share must be at most 1, got 2"):
        small_squeezenet(expand3x3_share=2)
    with pytest.raises(ValueError, match="bypass must be one of"):
        small_squeezenet(bypass="both")


def test_a_training_is_repeatable_and_the_seed_counts():
    digits = protocol.digits().with_train(100)
    first, again, other = (
        trials.train(digits, 0.25, 0.5, "simple", 0.02, seed, epochs=1).conv1.weight
        for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_stair_of_the_picture_is_the_front():
    from matplotlib.figure import Figure

    designs = pd.DataFrame({"macs": [1, 2, 3, 4], "accuracy": [0.5, 0.4, 0.9, 0.9]})
    aims = {"macs": "minimize", "accuracy": "maximize"}
    axes = Figure().subplots()
    front = search.pareto_plot(axes, designs, x="macs", y="accuracy", aims=aims)
    assert front["macs"].tolist() == [1, 3]
    assert axes.get_xscale() == "log"


@pytest.mark.parametrize("wanted", [True, False])
def test_a_bar_is_shown_to_who_wants_it(capfd, wanted):
    search.explore(TOY, n_trials=3, progress=wanted)
    assert ("trial" in capfd.readouterr().err) == wanted


def test_a_queued_grid_measures_each_design_once():
    storage = optuna.storages.InMemoryStorage()
    search.queue_grid(search.open_study(TOY, storage, "grid"), TOY, seed=3)
    half = search.explore(TOY, n_trials=9, storage=storage, name="grid")
    assert count(half, TrialState.COMPLETE) == 9
    found = search.table(search.explore(TOY, n_trials=18, storage=storage, name="grid"), TOY)
    assert set(found[["x", "y"]].itertuples(index=False, name=None)) == set(
        itertools.product(range(6), range(3))
    )
    assert not found["x"].is_monotonic_increasing
