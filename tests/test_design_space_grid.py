"""The measured grid, the calculator that browses it, and the contest on it."""

import itertools

import numpy as np
import pytest
from optuna.storages import InMemoryStorage

from labcode import search, studies
from labcode.models.small_squeezenet import small_squeezenet
from labcode.pages.calculators.design_space import GRID, STORED, beaten_by
from labcode.pages.calculators.design_space import design_space as browse
from labcode.studies import design_space
from labcode.studies.design_space import contest, trials

RUNS = studies.table("design_space_grid")
KEYS = list(design_space.SPACE)
SEEDS = STORED["seeds"]


def test_every_design_was_measured_with_every_seed():
    found = set(RUNS[[*KEYS, "seed"]].itertuples(index=False, name=None))
    assert len(found) == len(RUNS)
    assert found == set(itertools.product(*design_space.SPACE.values(), range(SEEDS)))
    assert SEEDS >= 3


def test_each_design_was_timed_once_with_its_spread():
    times = studies.table("design_space_times")
    found = list(times[KEYS].itertuples(index=False, name=None))
    assert sorted(found) == sorted(itertools.product(*design_space.SPACE.values()))
    assert (times["low"] < times["microseconds"]).all()
    assert (times["microseconds"] < times["high"]).all()


def test_time_as_an_aim_is_looked_up_and_finds_the_front_of_the_clock():
    problem, by_count = design_space.timed_grid(), design_space.measured_grid()
    times = studies.table("design_space_times").set_index(KEYS)["microseconds"]
    for chosen in itertools.product(*design_space.SPACE.values()):
        found = problem.measure(**dict(zip(KEYS, chosen, strict=True)))
        accuracy = by_count.measure(**dict(zip(KEYS, chosen, strict=True)))["validation_accuracy"]
        assert found == {"validation_accuracy": accuracy, "microseconds": times[chosen]}
    storage = InMemoryStorage()
    search.queue_grid(search.open_study(problem, storage, "timed"), problem, seed=0)
    study = search.explore(problem, n_trials=problem.size, storage=storage, name="timed")
    table = search.table(study, problem)
    best = table[table["best"]]
    quickest = table.loc[table["microseconds"].idxmin()]
    surest = table.loc[table["validation_accuracy"].idxmax()]
    assert len(table) == problem.size
    for end in (quickest, surest):  # both ends of a front are on it
        assert (best[KEYS] == end[KEYS]).all(axis=1).any()


def test_the_costs_are_those_of_the_networks():
    for row in RUNS.query("seed == 0").itertuples():
        bypass = None if row.bypass == "plain" else row.bypass
        model = small_squeezenet(
            squeeze_ratio=row.squeeze_ratio, expand3x3_share=row.expand3x3_share, bypass=bypass
        )
        assert trials.costs(model) == {
            "params": row.params,
            "macs": row.macs,
            "bytes_on_disk": row.bytes_on_disk,
        }


def test_the_calculator_shows_what_was_measured():
    for key, found in RUNS.groupby(KEYS):
        accuracy, spread, macs, size = GRID[key]
        assert accuracy == pytest.approx(found["validation_accuracy"].mean(), rel=1e-12)
        assert spread == pytest.approx(found["validation_accuracy"].std(), rel=1e-9, abs=1e-12)
        assert {macs} == set(found["macs"])
        assert {size} == set(found["bytes_on_disk"])
    assert len(GRID) == design_space.measured_grid().size


def test_who_is_not_beaten_is_on_the_front():
    # A mean may differ in its last bit from the same one that was summed in another order.
    grid = contest.designs().round({"validation_accuracy": 12})
    front = search.not_dominated(search.losses(grid, design_space.AIMS))
    for on_front, key in zip(front, grid[KEYS].itertuples(index=False, name=None), strict=True):
        assert (beaten_by(key) is None) == on_front, key


def test_every_setting_of_the_calculator_has_an_answer():
    for ratio, share, bypass in GRID:
        result = browse(f"{ratio:g}", f"{100 * share:g} %", bypass)
        accuracy, _, macs, _ = GRID[ratio, share, bypass]
        assert f"{100 * accuracy:.1f} ±" in result.summary
        assert f"{macs:,} multiply-adds" in result.summary
        assert result.html.count("<b>") == 3
    with pytest.raises(ValueError, match=r"squeeze_ratio must be one of '0\.125', .*, got '2'"):
        browse("2")
    with pytest.raises(ValueError, match="share_3x3 must be one of '0 %', '50 %', '100 %', got"):
        browse(share_3x3="half")
    with pytest.raises(ValueError, match=r"bypass must be one of 'plain', .*, got ''"):
        browse(bypass="")


def test_a_search_of_the_whole_grid_finds_all_of_it():
    assert contest.share_found(contest.designs()) == 1
    lines = contest.one_at_a_time()
    assert len(lines) == 1 + sum(len(options) - 1 for options in design_space.SPACE.values())
    assert 0 < contest.share_found(lines) < 1


def test_the_scale_runs_from_the_smallest_to_the_largest():
    scaled = contest.scaled(contest.designs())
    assert scaled[:, 1:].min(axis=0) == pytest.approx([0, 0])
    assert scaled[:, 1:].max(axis=0) == pytest.approx([1, 1])
    assert (scaled[:, 0] == 1 - contest.designs()["validation_accuracy"]).all()


def test_the_contest_is_fair_and_its_curves_grow():
    searches = studies.table("design_space_samplers")
    runs = searches.groupby(["sampler", "seed"])
    assert set(searches["sampler"]) == {*search.SAMPLERS, "grid"}
    grid = searches.query("sampler == 'grid'")
    assert (grid["designs"] == grid["trials"]).all()
    assert np.allclose(grid.query("trials == @contest.N_TRIALS")["share"], 1)
    assert {len(run) for _, run in runs} == {contest.N_TRIALS}
    assert searches.groupby("sampler")["seed"].nunique().min() >= 3
    assert (runs["share"].diff().dropna() >= -1e-6).all()
    assert (searches["designs"] <= searches["trials"]).all()
    assert np.isclose(contest.contest_rows("random", 0)[-1]["share"], last(searches), atol=1e-5)


def last(searches):
    found = searches.query("sampler == 'random' and seed == 0 and trials == @contest.N_TRIALS")
    return found["share"].item()


def test_a_trained_problem_measures_its_aims():
    problem = design_space.trained(epochs=1)
    found = problem.measure(squeeze_ratio=0.125, expand3x3_share=0.0, bypass="complex")
    assert 0.05 < found["validation_accuracy"] <= 1
    same = RUNS.query("squeeze_ratio == 0.125 and expand3x3_share == 0 and bypass == 'complex'")
    assert {found["macs"]} == set(same["macs"])


def test_looking_up_is_the_mean_of_the_table():
    found = design_space.measured_grid().measure(
        squeeze_ratio=0.5, expand3x3_share=1.0, bypass="simple"
    )
    rows = RUNS.query("squeeze_ratio == 0.5 and expand3x3_share == 1 and bypass == 'simple'")
    assert found["validation_accuracy"] == pytest.approx(rows["validation_accuracy"].mean())
