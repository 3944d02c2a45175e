"""Early exit really exits, gives each image its own answer, and keeps the order."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from labcode.data import load
from labcode.early_exit import (
    RULES,
    OnnxExits,
    answer,
    certainty,
    leaving,
    outcome,
    share_thresholds,
    shared_threshold,
    spend,
    stage_files,
)
from labcode.models import exit_cnn, msd_net
from labcode.weights import load_exits
from tests.examples import examples

MACS = (10, 25, 60, 100)
NETWORKS = {make.__name__: make().eval() for make in (exit_cnn, msd_net)}


@pytest.fixture(scope="module")
def trained():
    return load_exits()


@pytest.fixture(scope="module")
def digits():
    return load("mnist5k").validation


def calls_of(network, images, thresholds):
    """Return how often each stage and exit ran, and how many images each run got."""
    seen = []
    hooks = [
        part.register_forward_pre_hook(
            lambda _, inputs, name=name: (
                seen.append((name, len(inputs[0][-1])))
                if isinstance(inputs[0], tuple)
                else seen.append((name, len(inputs[0])))
            )
        )
        for kind in ("stages", "exits")
        for name, part in ((f"{kind}.{k}", p) for k, p in enumerate(getattr(network, kind)))
    ]
    found = answer(network, images, thresholds)
    for hook in hooks:
        hook.remove()
    return found, seen


def test_later_stages_do_not_run_for_an_image_that_left(trained, digits):
    every = answer(trained, digits.images, 0.9)
    for exit_number in range(4):
        first = int((every.exits == exit_number).nonzero()[0])
        found, seen = calls_of(trained, digits.images[first : first + 1], 0.9)
        assert int(found.exits[0]) == exit_number
        ran = [(f"{kind}.{k}", 1) for k in range(exit_number + 1) for kind in ("stages", "exits")]
        assert seen == ran


def test_the_batch_shrinks_as_images_leave(trained, digits):
    found, seen = calls_of(trained, digits.images, 0.9)
    sizes = [size for name, size in seen if name.startswith("stages")]
    assert tuple(sizes) == found.ran
    assert sizes[0] == 500 > sizes[1] > sizes[2] > sizes[3] > 0
    left = torch.bincount(found.exits, minlength=4)
    assert [500 - int(left[:k].sum()) for k in range(4)] == sizes


@pytest.mark.slow
@settings(max_examples=examples(40))
@given(
    make=st.sampled_from(sorted(NETWORKS)),
    n=st.integers(1, 12),
    seed=st.integers(0, 10_000),
    parts=st.lists(st.floats(0, 1), min_size=3, max_size=3),
    rule=st.sampled_from(sorted(RULES)),
)
def test_a_batch_gives_what_each_image_gets_alone(make, n, seed, parts, rule):
    network = NETWORKS[make]
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(n, 1, 28, 28, generator=generator) * torch.arange(1.0, n + 1).view(
        n, 1, 1, 1
    )
    with torch.no_grad():
        rows = network.all_logits(images)
    scores = certainty(rows, rule)
    thresholds = [float(scores[k].quantile(part)) for k, part in enumerate(parts)]
    together = answer(network, images, thresholds, rule=rule)
    assert together.ran[0] == n
    close = (scores[:3] - torch.tensor(thresholds)[:, None]).abs().amin(0) < 1e-5
    for i in (~close).nonzero()[:, 0].tolist():  # rounding may move the others over the edge
        alone = answer(network, images[i : i + 1], thresholds, rule=rule)
        assert alone.exits[0] == together.exits[i] == leaving(scores, thresholds)[i]
        assert torch.allclose(alone.logits[0], together.logits[i], atol=1e-4)
        assert torch.allclose(rows[together.exits[i], i], together.logits[i], atol=1e-4)


def test_the_order_and_the_mode_stay(trained, digits):
    turned = torch.arange(499, -1, -1)
    trained.train()
    found = answer(trained, digits.images, 0.9)
    assert trained.training
    trained.eval()
    back = answer(trained, digits.images[turned], 0.9)
    assert torch.equal(back.exits, found.exits[turned])
    assert torch.allclose(back.logits, found.logits[turned], atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("make", ["stored", "msd_net"])
@pytest.mark.parametrize("rule", RULES)
def test_onnx_stages_answer_like_pytorch_and_stop_like_it(make, rule, trained, digits):
    network = trained if make == "stored" else NETWORKS[make]
    images = digits.images[:40]
    scores = certainty(network.all_logits(images).detach(), rule)[:3]
    limits = scores.median(dim=1).values.tolist()  # at each exit, about half leave
    runner = OnnxExits(stage_files(network), limits, rule=rule)
    found = answer(network, images, limits, rule=rule)
    calls = []
    runner.sessions = [_Counted(session, k, calls) for k, session in enumerate(runner.sessions)]
    assert len(set(found.exits.tolist())) > 1
    edge = (scores - torch.tensor(limits)[:, None]).abs().amin(0) < 1e-5
    for i in (~edge).nonzero()[:, 0].tolist():
        calls.clear()
        logits, exit_number = runner(images[i : i + 1].numpy())
        assert exit_number == int(found.exits[i])
        assert calls == list(range(exit_number + 1))
        np.testing.assert_allclose(logits[0], found.logits[i], atol=1e-4)


class _Counted:
    """A session that says when it runs."""

    def __init__(self, session, number, calls):
        self.session, self.number, self.calls = session, number, calls

    def run(self, *arguments):
        self.calls.append(self.number)
        return self.session.run(*arguments)


@pytest.mark.slow
def test_the_stored_network_fits_a_page_and_is_good(trained, digits):
    files = stage_files(trained)
    assert sum(map(len, files)) < 250_000
    rows = trained.all_logits(digits.images).argmax(2) == digits.labels
    right = rows.double().mean(1)
    assert float(right[-1]) >= 0.97
    assert float(right[0]) < float(right[-1])


# --- rules -------------------------------------------------------------------------------------


@given(st.lists(st.floats(-20, 20), min_size=2, max_size=10))
def test_rules_are_what_numpy_computes(values):
    logits = np.array(values)
    p = np.exp(logits - logits.max())
    p /= p.sum()
    ordered = np.sort(p)
    nats = -sum(x * np.log(x) for x in p if x > 0)
    expected = {
        "confidence": ordered[-1],
        "margin": ordered[-1] - ordered[-2],
        "entropy": 1 - nats / np.log(len(p)),
    }
    for rule, value in expected.items():
        found = float(certainty(torch.tensor(values, dtype=torch.float64), rule))
        assert found == pytest.approx(value, abs=1e-9)


# --- budgets -----------------------------------------------------------------------------------


def tables(n=60, seed=0):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.rand(4, n, generator=generator)
    return scores, torch.rand(4, n, generator=generator) < scores


@pytest.mark.parametrize("budget", [10, 11.5, 30, 59.9, 99, 100, 1000])
def test_the_shared_threshold_is_the_best_of_all_that_can_be_tried(budget):
    scores, right = tables()
    limit = shared_threshold(scores, MACS, budget)
    assert outcome(scores, right, MACS, limit).macs <= budget
    dearer = [t for t in [*scores[:3].flatten().tolist(), 1.5] if t > limit]
    assert all(outcome(scores, right, MACS, t).macs > budget for t in dearer) or budget >= 100


def test_outcomes_are_counted_image_by_image():
    scores, right = tables()
    found = outcome(scores, right, MACS, (0.9, 0.7, 0.5))
    exits, hits = [], 0
    for i in range(60):
        k = next((k for k in range(3) if scores[k, i] >= (0.9, 0.7, 0.5)[k]), 3)
        exits.append(k)
        hits += bool(right[k, i])
    assert found.accuracy == pytest.approx(hits / 60)
    assert found.macs == pytest.approx(sum(MACS[k] for k in exits) / 60)
    assert found.shares == pytest.approx([exits.count(k) / 60 for k in range(4)])


@pytest.mark.parametrize("budget", [12, 30, 70, 99])
def test_fixed_shares_meet_the_budget(budget):
    scores, right = tables(2000)
    found = outcome(scores, right, MACS, share_thresholds(scores, MACS, budget))
    assert found.macs == pytest.approx(budget, rel=0.01)  # shares are rounded to whole images
    stay = 2000 * np.array([1.0, *(1 - np.cumsum(found.shares))[:2]])
    leaves = 2000 * np.array(found.shares[:3])
    # The same part of those still in leaves at each exit, to a whole image.
    assert np.abs(leaves - leaves[0] / 2000 * stay).max() <= 1


def test_a_batch_spends_its_budget_on_the_least_sure():
    scores, _ = tables()
    taken = spend(scores, MACS, 30 * 60)
    spent = sum(MACS[k] for k in taken.tolist())
    assert 30 * 60 - 40 < spent <= 30 * 60  # what is left pays for no step of anyone still in
    first = scores[0]
    assert first[taken > 0].max() <= first[taken == 0].min() + 1e-6
    assert spend(scores, MACS, 10 * 60).tolist() == [0] * 60
    assert spend(scores, MACS, 100 * 60).tolist() == [3] * 60


def test_a_random_batch_spends_as_much():
    scores, _ = tables(500)
    sums = [
        sum(MACS[k] for k in spend(scores, MACS, 30 * 500, random=luck).tolist())
        for luck in (None, 0, 1)
    ]
    assert max(sums) - min(sums) < 60
    assert not torch.equal(spend(scores, MACS, 15_000), spend(scores, MACS, 15_000, random=1))


def test_bad_input_is_named():
    network, images = NETWORKS["exit_cnn"], torch.zeros(2, 1, 28, 28)
    with pytest.raises(ValueError, match="thresholds must be one number, or 3 for 4 exits, got 2"):
        answer(network, images, (0.5, 0.5))
    with pytest.raises(ValueError, match=r"thresholds\[1\] must be a finite number"):
        answer(network, images, (0.5, float("nan"), 0.5))
    with pytest.raises(ValueError, match="rule must be one of 'confidence', 'entropy', 'margin'"):
        answer(network, images, 0.5, rule="luck")
    with pytest.raises(ValueError, match=r"x must have the shape \(N, 1, 28, 28\)"):
        answer(network, images[0], 0.5)
    with pytest.raises(ValueError, match="images must hold at least one image"):
        answer(network, images[:0], 0.5)
    scores, right = tables()
    with pytest.raises(ValueError, match="budget must be at least 10, the first exit, got 5"):
        shared_threshold(scores, MACS, 5)
    with pytest.raises(ValueError, match="macs must grow from exit to exit"):
        share_thresholds(scores, (10, 10, 60, 100), 20)
    with pytest.raises(ValueError, match=r"right must be \(exits, N\)"):
        outcome(scores, right[:, :5], MACS, 0.5)
    with pytest.raises(ValueError, match="scores must be numbers, got a NaN"):
        leaving(scores * float("nan"), 0.5)
