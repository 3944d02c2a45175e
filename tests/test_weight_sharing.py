"""k-means weight sharing, against scikit-learn, brute force and gradients summed by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from torch import nn
from torch.nn import functional as F

from labcode import data
from labcode.quantization.weight_sharing import (
    INITS,
    centroid_training,
    initial_centroids,
    kmeans,
    nearest,
    share_weights,
)
from labcode.training import fit
from tests.examples import examples

NUMBERS = st.lists(st.floats(-5, 5, width=32), min_size=1, max_size=60)


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 12), nn.ReLU(), nn.Linear(12, 10))


def squared_error(values, centroids):
    return float((values[:, None] - centroids[None]).square().min(dim=1).values.sum())


@pytest.mark.parametrize("init", INITS)
@pytest.mark.parametrize("k", [1, 2, 8, 16])
def test_centroids_are_scikit_learns_from_the_same_start(init, k):
    # Uniform, so that no cluster is ever empty: scikit-learn would move such a centroid.
    values = torch.rand(500, generator=torch.Generator().manual_seed(k), dtype=torch.float64)
    start = initial_centroids(values, k, init)
    peer = KMeans(k, init=start[:, None].numpy(), n_init=1, tol=0, max_iter=300)
    expected = np.sort(peer.fit(values[:, None].numpy()).cluster_centers_[:, 0])
    found = kmeans(values, k, init=init, iterations=300)
    assert np.allclose(found.numpy(), expected, atol=1e-9)


@settings(max_examples=examples(100))
@given(NUMBERS, st.integers(1, 9), st.sampled_from(INITS))
def test_no_round_makes_the_error_larger(numbers, k, init):
    values = torch.tensor(numbers, dtype=torch.float64)
    centroids = initial_centroids(values, k, init)
    error = squared_error(values, centroids)
    for _ in range(4):
        centroids = kmeans(values, k, init=centroids, iterations=1)
        after = squared_error(values, centroids)
        assert after <= error + 1e-9
        error = after


@settings(max_examples=examples(100))
@given(NUMBERS, st.integers(1, 9))
def test_nearest_is_nearest(numbers, k):
    values = torch.tensor(numbers, dtype=torch.float64)
    centroids = kmeans(values, k)
    chosen = (values - centroids[nearest(values, centroids)]).abs()
    closest = (values[:, None] - centroids[None]).abs().min(dim=1).values
    assert torch.allclose(chosen, closest, atol=1e-12)


def test_starts_are_the_papers():
    values = torch.cat([torch.zeros(90), torch.linspace(1, 9, 9), torch.tensor([10.0])])
    assert initial_centroids(values, 3).tolist() == [0, 5, 10]
    assert initial_centroids(values, 4, "density").tolist() == [0, 0, 0, 0]
    assert set(initial_centroids(values, 5, "random", seed=1).tolist()) <= set(values.tolist())
    assert not torch.equal(
        initial_centroids(values, 5, "random", seed=1),
        initial_centroids(values, 5, "random", seed=2),
    )


@pytest.mark.parametrize("bits", [1, 3, 4])
def test_shared_weights_are_few_and_zeros_stay(bits):
    model = network()
    pruned = torch.rand(12, 64) < 0.8
    model[1].weight.data[pruned] = 0
    biases = model[1].bias.clone()
    shared = share_weights(model, bits)
    assert list(shared.codebooks) == ["1.weight", "3.weight"]
    assert bool((model[1].weight[pruned] == 0).all())
    left = model[1].weight[~pruned]
    assert len(left.unique()) <= 2**bits
    assert set(left.tolist()) == set(shared.codebooks["1.weight"].tolist())
    assert torch.equal(model[1].bias, biases)


def test_bits_and_names_can_be_given_for_each_parameter():
    model = network()
    shared = share_weights(model, {"1.weight": 2, "3.bias": 1})
    assert len(model[1].weight.unique()) == 4
    assert len(model[3].bias.unique()) == 2
    assert set(shared.codebooks) == {"1.weight", "3.bias"}


def test_a_layer_without_weights_is_left_out():
    model = network()
    model[1].weight.data.zero_()
    assert list(share_weights(model, 2).codebooks) == ["3.weight"]


def test_the_gradient_of_a_centroid_is_the_sum_over_its_cluster():
    model = network()
    model[1].weight.data[torch.rand(12, 64) < 0.5] = 0
    shared = share_weights(model, 2)
    images, labels = torch.rand(16, 1, 8, 8), torch.arange(16) % 10
    F.cross_entropy(model(images), labels).backward()
    by_hand = {}
    for name, codebook in shared.codebooks.items():
        weight = model.get_parameter(name)
        by_hand[name] = torch.stack([weight.grad[weight == c].sum() for c in codebook])
    with centroid_training(model, shared):
        model.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        for layer in ("1", "3"):
            centroids = model.get_parameter(f"{layer}.parametrizations.weight.original")
            assert torch.allclose(centroids.grad, by_hand[f"{layer}.weight"], atol=1e-6)


def test_training_moves_centroids_together_and_leaves_plain_weights():
    model, digits = network(), data.load("digits", n_train=100)
    model[1].weight.data[:6] = 0
    names = list(model.state_dict())
    shared = share_weights(model, 2)
    before, clusters = model[1].weight.clone(), shared.clusters["1.weight"]
    with centroid_training(model, shared):
        fit(model, digits.train, epochs=1, lr=1e-2, progress=False)
    assert list(model.state_dict()) == names
    assert isinstance(model[1].weight, nn.Parameter)
    assert bool((model[1].weight[:6] == 0).all())
    assert len(model[1].weight[6:].unique()) == 4
    assert not torch.equal(model[1].weight, before)
    expected = shared.codebooks["1.weight"][clusters]
    assert torch.equal(model[1].weight.flatten()[shared.places["1.weight"]], expected)


class Tied(nn.Module):
    """Two layers with one weight, one of them under two names."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 8)
        self.b.weight, self.c = self.a.weight, self.a

    def forward(self, x):
        return self.c(F.relu(self.b(F.relu(self.a(x)))))


def test_tied_weights_are_trained_in_one_codebook():
    torch.manual_seed(0)
    model, x = Tied(), torch.rand(5, 8)
    model.a.weight.data[:2] = 0
    names = list(model.state_dict())
    shared = share_weights(model, 2)
    before = model(x)
    before.square().sum().backward()
    weight, gradient = model.a.weight, model.a.weight.grad
    by_hand = torch.stack([gradient[weight == c].sum() for c in shared.codebooks["a.weight"]])
    with centroid_training(model, shared):
        assert torch.equal(model(x), before)
        model(x).square().sum().backward()
        (codebook,) = (p for n, p in model.named_parameters() if "bias" not in n)
        torch.testing.assert_close(codebook.grad, by_hand)
        torch.optim.SGD([codebook], 0.01).step()
        trained = model(x).detach()
    torch.testing.assert_close(model(x), trained)
    assert model.a.weight is model.b.weight
    assert len(model.a.weight[2:].unique()) <= 4
    assert bool((model.b.weight[:2] == 0).all())
    assert list(model.state_dict()) == names
    assert not torch.equal(before, trained)


@pytest.mark.filterwarnings("ignore")  # PyTorch's old weight norm
def test_what_cannot_be_shared_is_named_and_left_as_it_is():
    new, old = nn.utils.parametrizations.weight_norm, nn.utils.weight_norm
    for computed in (new, old, nn.utils.spectral_norm, nn.utils.parametrizations.spectral_norm):
        model = nn.Sequential(nn.Linear(3, 3), computed(nn.Linear(3, 3)))
        before = model[0].weight.clone()
        with pytest.raises(
            ValueError, match=r"^1\..* cannot be shared: 1\.weight is computed"
        ) as e:
            share_weights(model, 1)
        assert "\n" not in str(e.value)
        assert torch.equal(model[0].weight, before)
        assert list(share_weights(model, 1, names=["0.weight"]).codebooks) == ["0.weight"]
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight.data[0, 0] = float("nan")
    before = model[0].weight.clone()
    with pytest.raises(ValueError, match=r"1\.weight cannot be shared: a weight is not finite"):
        share_weights(model, 1)
    assert torch.equal(model[0].weight, before)
    with pytest.raises(ValueError, match=r"b\.weight is the same tensor as a\.weight"):
        share_weights(Tied(), {"b.weight": 2})
    lstm = nn.LSTM(3, 3)
    with (
        pytest.raises(ValueError, match="weight_ih_l0 cannot be trained by its centroids: a LSTM"),
        centroid_training(lstm, share_weights(lstm, 2)),
    ):
        pass
    with (
        pytest.raises(ValueError, match=r"shared holds a\.weight, which is not a parameter"),
        centroid_training(nn.Linear(2, 2), share_weights(Tied(), 2)),
    ):
        pass


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="init must be one of 'linear', 'density', 'random'"):
        initial_centroids(torch.ones(3), 2, "middle")
    with pytest.raises(ValueError, match="values must be finite"):
        kmeans(torch.tensor([1.0, float("nan")]), 2)
    with pytest.raises(ValueError, match="values must be finite and at least one"):
        kmeans(torch.tensor([]), 2)
    with pytest.raises(ValueError, match=r"got 'no\.weight'"):
        share_weights(network(), 2, names=["no.weight"])
    with pytest.raises(ValueError, match="must be from 1 to 16, got 17"):
        share_weights(network(), 17)
    with pytest.raises(ValueError, match="k must be at least 1"):
        kmeans(torch.ones(3), 0)


def test_gradients_of_weights_from_before_do_not_disturb_training():
    layer = nn.Linear(6, 5)
    shared = share_weights(layer, bits=1)
    layer(torch.ones(1, 6)).sum().backward()
    with centroid_training(layer, shared):
        layer(torch.ones(1, 6)).sum().backward()
        gradient = layer.parametrizations.weight.original.grad
        # Each weight has the gradient 1: what is left is how many there are in each cluster.
        assert gradient.tolist() == shared.clusters["weight"].bincount().tolist()
