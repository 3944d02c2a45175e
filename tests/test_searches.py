"""What a search of the learning rate says, and that the best rate lies inside what was searched."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcode import studies
from labcode.studies.basics import tables as basics
from labcode.studies.blocks.tables import KINDS
from labcode.studies.clothes import tables as clothes
from labcode.studies.design_space import tables as design_space
from labcode.studies.distillation import tables as distillation
from labcode.studies.early_exit.tables import FEATURED
from labcode.studies.low_rank import tables as low_rank
from labcode.studies.mobilenet import tables as mobilenet
from labcode.studies.pruning import tables as pruning
from labcode.studies.pruning.lottery_trials import LATE_STARTS
from labcode.studies.searches import at_own_rates, best_rate, by_rate, inside, safe_rate, with_rates
from labcode.studies.senet import se_trials
from labcode.studies.shufflenet import tables as shufflenet
from labcode.studies.small_files import tables as small_files
from labcode.studies.small_files.trials import BITS
from labcode.studies.squeezenet import tables as squeezenet

RATES = (0.01, 0.02, 0.04, 0.08)
DIGITS = [("architecture_block_rates", {"kind": kind}) for kind in KINDS.values()]
GATES = [("senet_rates", {"network": network}) for network in se_trials.NETWORKS]
EXITS = [("early_exit_rates", {"method": method}) for method in FEATURED]
CLOTHES = [("clothes_rates", {"trial": trial, **setting}) for trial, setting in clothes.RATED]
LESSONS = [
    ("distillation_rates", {"method": lesson, "n_train": size})
    for lesson in distillation.LESSONS
    for size in distillation.RATED_SIZES
]
UNTRAINED = ("4 8 12", 4)  # shared values that no training betters: the lowest rate is as good
PLAIN = [
    *(("small_files_rates", {"widths": widths}) for widths in small_files.WIDTHS),
    *(
        ("small_files_shared_rates", {"widths": widths, "bits": bits})
        for widths in small_files.WIDTHS
        for bits in BITS
        if (widths, bits) != UNTRAINED
    ),
]
RANKS = [
    ("architecture_low_rank_rates", {"way": way, "rank": rank})
    for way, ranks in low_rank.RATED.items()
    for rank in ranks
]
PRUNED = [
    ("pruning_rates", {"network": network, "method": method, "kept": kept})
    for network in pruning.NETWORKS
    for method in pruning.RATED
    for kept in pruning.RATED_SHARES
]
CUT = [
    ("pruning_cut_rates", {"network": network, "width": width, "kind": kind})
    for network, widths in pruning.CUTS.items()
    for width, kinds in widths.items()
    for kind in kinds
]
DESIGNS = [
    *(("design_space_rates", design) for design in design_space.DESIGNS),
    *(("design_space_longer_rates", design) for design in design_space.LONGER_DESIGNS),
]
AGAIN = [
    *(("pruning_lottery_rates", {"start": start}) for start in LATE_STARTS),
    *(("pruning_dsd_rates", training) for training in pruning.DSD_TRAININGS),
]
SMALL = [
    *(("cnn_basics_rates", {"trial": trial, **setting}) for trial, setting in basics.RATED),
    *(("squeezenet_rates", setting) for setting in squeezenet.RATED),
    *(("shufflenet_rates", setting) for setting in shufflenet.SHUFFLES),
    *(
        ("architecture_mobilenet_rates", {"trial": trial, **setting})
        for trial, settings in mobilenet.RATED.items()
        for setting in settings
    ),
]
PHOTOGRAPHS: list[tuple[str, dict]] = [
    ("cifar10_rates", {}),
    ("cifar10_target_rates", {}),
    ("cifar10_target_lesson_rates", {}),
    ("cifar10_two_bits_rates", {}),
    ("cifar10_lesson_rates", {"method": "rounded", "bits": 4}),
    ("cifar10_lesson_rates", {"method": "shared"}),
    ("cifar10_exit_rates", {}),
    *(("cifar10_tuning_rates", {"method": method, "kept": 0.5}) for method in ("cut", "thin")),
    *(("cifar10_tuning_rates", {"method": "pruned", "kept": kept}) for kept in (0.5, 0.1)),
    *(("cifar10_student_rates", {"lesson": lesson}) for lesson in ("labels", "taught")),
    *(
        ("cifar10_block_rates", {"kind": kind})
        for kind in ("standard", "depthwise separable", "Fire", "inverted residual")
    ),
]


def table(right: dict[float, list[int]], kind: str = "it") -> pd.DataFrame:
    """Return a search: validation images right of 500, by rate, a number for each seed."""
    rows = [
        {"kind": kind, "lr": lr, "seed": seed, "validation_accuracy": n / 500}
        for lr, each in right.items()
        for seed, n in enumerate(each)
    ]
    return pd.DataFrame(rows)


counts = st.lists(
    st.lists(st.integers(0, 500), min_size=2, max_size=2),
    min_size=len(RATES),
    max_size=len(RATES),
)


@given(counts)
def test_the_best_is_that_of_the_counts(each):
    right = dict(zip(RATES, each, strict=True))
    sums = [sum(n) for n in each]
    shuffled = table(right).sample(frac=1, random_state=0)
    best = sums.index(max(sums))
    assert best_rate(shuffled) == RATES[best]
    alone = sums.count(max(sums)) == 1
    if alone:
        assert inside(shuffled) == (0 < best < len(RATES) - 1)
    assert by_rate(shuffled).tolist() == pytest.approx([n / 1000 for n in sums])


def test_only_what_is_chosen_counts():
    both = pd.concat(
        [
            table({0.01: [1], 0.02: [9], 0.04: [3]}, "a"),
            table({0.01: [9], 0.02: [1], 0.04: [5]}, "b"),
        ]
    )
    assert best_rate(both, kind="a") == 0.02
    assert best_rate(both, kind="b") == 0.01
    assert inside(both, kind="a")
    assert not inside(both, kind="b")


def test_each_kind_has_the_rows_of_its_own_best_rate():
    both = pd.concat(
        [
            table({0.01: [1, 2], 0.02: [9, 8], 0.04: [3, 3]}, "b"),
            table({0.01: [9, 9], 0.02: [1, 2], 0.04: [5, 5]}, "a"),
        ]
    )
    found = at_own_rates(both, ["kind"])
    assert found["kind"].tolist() == ["b", "b", "a", "a"]
    assert found["lr"].tolist() == [0.02, 0.02, 0.01, 0.01]
    assert (500 * found["validation_accuracy"]).round().tolist() == [9, 8, 9, 9]


def test_each_setting_gets_the_rate_of_its_own_search():
    both = pd.concat(
        [
            table({0.01: [1, 2], 0.02: [9, 8], 0.04: [3, 3]}, "a"),
            table({0.01: [9, 9], 0.02: [9, 8], 0.04: [5, 5]}, "b"),
        ]
    )
    kinds = [{"kind": "b"}, {"kind": "a"}]
    assert with_rates(both, kinds) == [{"kind": "b", "lr": 0.01}, {"kind": "a", "lr": 0.02}]
    sizes = [{"size": 14, "kind": "a"}]
    (one,) = with_rates(both, sizes, lambda setting: {"kind": "b"}, safe_rate)
    assert one == {"size": 14, "kind": "a", "lr": 0.01}
    with pytest.raises(ValueError, match="no row of the searches"):
        with_rates(both, [{"kind": "c"}])


@given(counts, st.integers(0, 100))
def test_the_safe_rate_is_the_lowest_that_is_as_good_but_for_so_little(each, images):
    right = dict(zip(RATES, each, strict=True))
    found = safe_rate(table(right), within=images / 1000)
    sums = {rate: sum(n) for rate, n in right.items()}
    assert sums[found] >= max(sums.values()) - images
    assert all(sums[rate] < max(sums.values()) - images for rate in RATES if rate < found)


def test_a_best_that_the_edge_reaches_as_well_is_not_inside():
    assert not inside(table({0.01: [1], 0.02: [9], 0.04: [9]}))
    assert not inside(table({0.01: [9], 0.02: [9], 0.04: [1]}))
    assert not inside(table({0.01: [4]}))


def test_what_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"no row of the searches has \{'kind': 'round'\}"):
        best_rate(table({0.01: [1]}), kind="round")


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        *(DIGITS + EXITS + GATES + CLOTHES + LESSONS + PLAIN + RANKS + PRUNED + CUT + DESIGNS),
        *(AGAIN + SMALL + PHOTOGRAPHS),
    ],
)
def test_the_best_rate_lies_inside_what_was_searched(name, chosen):
    assert inside(studies.table(name), **chosen)


def test_where_shared_values_need_no_training_every_low_rate_is_as_good():
    widths, bits = UNTRAINED
    found = by_rate(studies.table("small_files_shared_rates"), widths=widths, bits=bits)
    low = found[found.index < 1e-3]
    assert found.max() == low.iloc[0]
    assert low.max() - low.min() < 0.002  # two validation images of 1,500
    assert found.iloc[-1] < 0.2
