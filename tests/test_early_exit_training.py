"""Training of exits: gradients against PyTorch's own, losses by hand, probes that leave alone."""

import copy

import pytest
import torch
from torch.nn import functional as F

from labcode.data import load
from labcode.early_exit import METHODS, Method, add_probes, exits_loss, fit_exits, maps_of
from labcode.early_exit.training import exit_logits, scale_gradient
from labcode.models import exit_cnn, msd_net
from labcode.studies.early_exit.trials import harm_rows, initial, logits_of


@pytest.fixture(scope="module")
def digits():
    return load("mnist5k", n_train=50)


def stage_gradients(network, x, labels, method):
    """Return the gradient of each stage's first convolution under a method."""
    network.zero_grad()
    exits_loss(exit_logits(network, x, method), labels, method).backward()
    firsts = [next(stage.parameters()) for stage in network.stages]
    return [p.grad.clone() if p.grad is not None else torch.zeros_like(p) for p in firsts]


def own_gradients(network, x, labels):
    """Return, for each exit alone, the gradient of each stage's first convolution."""
    firsts = [next(stage.parameters()) for stage in network.stages]
    found = []
    for row in network.all_logits(x):
        grads = torch.autograd.grad(
            F.cross_entropy(row, labels), firsts, retain_graph=True, allow_unused=True
        )
        found.append(
            [torch.zeros_like(p) if g is None else g for g, p in zip(grads, firsts, strict=True)]
        )
    return found


FACTORS = {  # of each exit's gradient (columns) in each stage (rows), before the weights
    "equal weights": [[1, 1, 1, 1]] * 4,
    "a tenth of the gradient": [[0.1, 0.1, 0.1, 1]] * 4,
    # From the back: the last exit counts whole in its stage; 1/2 of it passes exit 3's branch.
    "gradient equilibrium": [
        [1 / 4, 3 / 4 * 1 / 3, 3 / 4 * 2 / 3 * 1 / 2, 3 / 4 * 2 / 3 * 1 / 2],
        [0, 1 / 3, 2 / 3 * 1 / 2, 2 / 3 * 1 / 2],
        [0, 0, 1 / 2, 1 / 2],
        [0, 0, 0, 1],
    ],
}


@pytest.mark.parametrize("name", FACTORS)
@pytest.mark.parametrize("make", [exit_cnn, msd_net])
def test_gradients_reach_the_stages_with_the_factors_of_the_method(name, make):
    torch.manual_seed(0)
    network = make().double().eval()
    x, labels = torch.rand(6, 1, 28, 28, dtype=torch.float64), torch.arange(6)
    found = stage_gradients(network, x, labels, METHODS[name])
    alone = own_gradients(network, x, labels)
    for stage, factors in enumerate(FACTORS[name]):
        expected = sum(f * alone[k][stage] for k, f in enumerate(factors)) / 4
        assert torch.allclose(found[stage], expected, atol=1e-12)


def test_equilibrium_is_a_mean_of_the_exits_behind_a_stage():
    for row in FACTORS["gradient equilibrium"]:
        used = [factor for factor in row if factor]
        assert sum(used) == pytest.approx(1)
        assert used == pytest.approx([1 / len(used)] * len(used))


def test_the_loss_is_the_weighted_mean():
    logits, labels = torch.randn(4, 5, 10), torch.arange(5)
    each = [float(F.cross_entropy(row, labels)) for row in logits]
    found = exits_loss(logits, labels, METHODS["early weights"])
    expected = (8 * each[0] + 4 * each[1] + 2 * each[2] + each[3]) / 15
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_the_last_exit_teaches_and_is_not_taught():
    logits = torch.randn(4, 5, 10, requires_grad=True)
    labels = torch.arange(5)
    exits_loss(logits, labels, METHODS["distillation"]).backward()
    plain = torch.randn(0)
    with torch.enable_grad():
        twin = logits.detach().clone().requires_grad_()
        exits_loss(twin, labels, METHODS["equal weights"]).backward()
        plain = twin.grad
    assert torch.allclose(logits.grad[-1], plain[-1])  # as from its labels alone
    heat = METHODS["distillation"].temperature
    p, q = (logits.detach()[k] / heat for k in (0, 3))
    kl = (q.softmax(1) * (q.log_softmax(1) - p.log_softmax(1))).sum(1).mean() * heat**2
    first = (F.cross_entropy(logits.detach()[0], labels) + kl) / 2
    only = Method(weights=(1.0, 0.0, 0.0, 0.0), temperature=heat)
    assert float(exits_loss(logits.detach(), labels, only)) == pytest.approx(float(first), rel=1e-5)


def test_scaling_changes_the_gradient_and_not_the_value():
    x = torch.randn(4, requires_grad=True)
    y = scale_gradient(x, 0.25)
    assert torch.allclose(y, x)
    (grad,) = torch.autograd.grad((y**2).sum(), x)
    assert torch.allclose(grad, 0.25 * 2 * x)


def test_probes_leave_the_stages_and_the_last_exit_alone(digits):
    network = initial("wide chain", 0)
    before = copy.deepcopy(network.state_dict())
    probed = add_probes(network, digits.train, epochs=8)
    after = probed.state_dict()
    for name, value in before.items():
        assert torch.equal(network.state_dict()[name], value)
        if name.startswith(("stages", "exits.3")):
            assert torch.equal(after[name], value)
    maps = maps_of(network, digits.train.images)
    for k in range(3):
        fits = [
            F.cross_entropy(n.exits[k](maps[k]), digits.train.labels).item()
            for n in (network, probed)
        ]
        assert fits[1] < fits[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_every_exit_learns(name, digits):
    network = initial("wide chain", 0)
    before = logits_of(network, digits.train.images)
    fit_exits(
        network, digits.train, METHODS[name], epochs=20, batch_size=10, lr=1e-2, progress=False
    )
    after = logits_of(network, digits.train.images)
    for old, new in zip(before, after, strict=True):
        assert F.cross_entropy(new, digits.train.labels) < F.cross_entropy(old, digits.train.labels)


def test_networks_of_one_seed_start_alike_and_the_random_state_stays():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one, other = initial("wide chain", 3), initial("wide chain", 3)
    assert torch.equal(torch.rand(1), expected)
    assert all(
        torch.equal(a, b)
        for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    )


def test_bad_settings_are_named():
    logits, labels = torch.zeros(4, 2, 10), torch.tensor([0, 1])
    with pytest.raises(ValueError, match=r"weights must be 4, not all zero, got \(1.0, 1.0\)"):
        exits_loss(logits, labels, Method(weights=(1.0, 1.0)))
    with pytest.raises(ValueError, match="weights must be a finite number, at least 0"):
        exits_loss(logits, labels, Method(weights=(1.0, 1.0, -1.0, 1.0)))
    with pytest.raises(ValueError, match="design must be one of 'wide chain', "):
        initial("tree", 0)
    with pytest.raises(ValueError, match="method must be 'last exit alone' or one of"):
        harm_rows("wide chain", "luck", 0)
