"""A step of training as an ONNX graph: PyTorch's autograd and its SGD say the same."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from labcode.models import lenet5
from labcode.pages.workbench.networks import INPUT_SHAPE, LENET5, shapes
from labcode.runtime import onnx_session
from labcode.runtime.training_graph import (
    MOMENTUM,
    Conv,
    Flatten,
    Layer,
    Linear,
    MaxPool,
    Relu,
    answering_graph,
    training_graph,
)
from tests.examples import examples

Arrays = dict[str, np.ndarray]
SMALL = (1, 9, 9)
# Padding, a pooling that leaves a rest, and a pooling of 3.
PADDED: tuple[Layer, ...] = (
    Conv("0", padding=1),
    Relu(),
    MaxPool(2),
    Conv("3", padding=2),
    MaxPool(3),
    Relu(),
    Flatten(),
    Linear("7"),
)


def padded() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(3, 4, 3, padding=2),
        nn.MaxPool2d(3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(16, 5),
    )


class Stepper:
    """Steps of a graph, beside the same steps in PyTorch."""

    def __init__(self, model: nn.Module, graph: bytes, masks: dict[str, Tensor]) -> None:
        self.model, self.masks = model, masks
        self.session = onnx_session(graph)
        self.outputs = [output.name for output in self.session.get_outputs()]
        self._mask()
        self.values = {n: p.detach().numpy().copy() for n, p in model.named_parameters()}
        self.momenta = {name: np.zeros_like(value) for name, value in self.values.items()}

    def _mask(self) -> None:
        with torch.no_grad():
            for name, parameter in self.model.named_parameters():
                parameter.mul_(self.masks[name])

    def step(self, images: Tensor, labels: Tensor, lr: float) -> Arrays:
        feed = {"images": images.numpy(), "labels": labels.numpy().astype(np.int32)}
        feed["lr"] = np.array(lr, np.float32)
        for name, value in self.values.items():
            feed |= {name: value, f"{name}.momentum": self.momenta[name]}
            feed[f"{name}.mask"] = self.masks[name].numpy()
        found = dict(zip(self.outputs, self.session.run(None, feed), strict=True))
        self.values = {name: found[f"{name}.new"] for name in self.values}
        self.momenta = {name: found[f"{name}.momentum.new"] for name in self.values}
        return found

    def torch_step(
        self, optimizer: torch.optim.Optimizer, images: Tensor, labels: Tensor
    ) -> tuple[float, int]:
        logits = self.model(images)
        loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        self._mask()
        return float(loss.detach()), int((logits.argmax(dim=1) == labels).sum())


def random_masks(model: nn.Module, kept: float, generator: torch.Generator) -> dict[str, Tensor]:
    return {
        name: torch.rand(p.shape, generator=generator) < kept
        for name, p in model.named_parameters()
    }


def compare(stepper: Stepper, input_shape: tuple[int, ...], n: int, steps: int, lr: float) -> None:
    """Hold the graph's steps equal to PyTorch's, one after the other."""
    generator = torch.Generator().manual_seed(n)
    optimizer = torch.optim.SGD(stepper.model.parameters(), lr=lr, momentum=MOMENTUM)
    classes = stepper.values[list(stepper.values)[-1]].size
    for _ in range(steps):
        images = torch.rand(n, *input_shape, generator=generator)
        labels = torch.randint(classes, (n,), generator=generator)
        found = stepper.step(images, labels, lr)
        loss, right = stepper.torch_step(optimizer, images, labels)
        assert float(found["loss"]) == pytest.approx(loss, rel=1e-4, abs=1e-6)
        assert int(found["right"]) == right
        for name, parameter in stepper.model.named_parameters():
            wanted = parameter.detach().numpy()
            np.testing.assert_allclose(stepper.values[name], wanted, rtol=1e-3, atol=2e-5)
            assert not stepper.values[name][~stepper.masks[name].numpy()].any()


@pytest.fixture(scope="module")
def lenet5_graph() -> bytes:
    return training_graph(LENET5, shapes(lenet5()), INPUT_SHAPE)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "kept", "n"), [(0, 1.0, 50), (1, 0.1, 50), (2, 0.5, 7)])
def test_lenet5_trains_as_in_pytorch(lenet5_graph: bytes, seed: int, kept: float, n: int) -> None:
    torch.manual_seed(seed)
    model = lenet5()
    masks = random_masks(model, kept, torch.Generator().manual_seed(seed))
    compare(Stepper(model, lenet5_graph, masks), INPUT_SHAPE, n, steps=4, lr=0.02)


@given(st.integers(0, 10**6), st.floats(0.05, 1), st.integers(1, 9), st.floats(0.001, 0.3))
@settings(max_examples=examples(30))
def test_padding_and_odd_poolings_train_as_in_pytorch(seed, kept, n, lr) -> None:
    torch.manual_seed(seed)
    model = padded()
    masks = random_masks(model, kept, torch.Generator().manual_seed(seed))
    graph = training_graph(PADDED, shapes(model), SMALL)
    compare(Stepper(model, graph, masks), SMALL, n, steps=3, lr=lr)


def test_where_several_values_are_largest_the_first_one_learns_as_in_pytorch() -> None:
    # Whole numbers: what is equal is equal to the bit, and few of them: ties all over.
    torch.manual_seed(0)
    model = padded()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randint(-1, 2, parameter.shape).float())
    graph = training_graph(PADDED, shapes(model), SMALL)
    masks = random_masks(model, 1.1, torch.Generator())
    stepper = Stepper(model, graph, masks)
    images = torch.randint(0, 2, (20, *SMALL)).float()
    labels = torch.randint(5, (20,))
    before = model[2](model[1](model[0](images)))
    ties = (before == before.roll(1, dims=3)).float().mean()
    assert ties > 0.2
    stepper.step(images, labels, 0.1)
    stepper.torch_step(torch.optim.SGD(model.parameters(), lr=0.1), images, labels)
    for name, parameter in model.named_parameters():
        wanted = parameter.grad
        assert wanted is not None
        np.testing.assert_allclose(stepper.momenta[name], wanted.numpy(), rtol=1e-4, atol=1e-5)


def test_without_momentum_the_momenta_that_come_out_are_the_gradients() -> None:
    torch.manual_seed(3)
    model = padded()
    masks = random_masks(model, 1.1, torch.Generator())
    stepper = Stepper(model, training_graph(PADDED, shapes(model), SMALL), masks)
    images, labels = torch.rand(6, *SMALL), torch.randint(5, (6,))
    before = {name: value.copy() for name, value in stepper.values.items()}
    stepper.step(images, labels, 0.0)
    F.cross_entropy(model(images), labels).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None
        np.testing.assert_array_equal(stepper.values[name], before[name])
        gradient = parameter.grad.numpy()
        np.testing.assert_allclose(stepper.momenta[name], gradient, rtol=1e-4, atol=1e-6)


def test_answers_are_the_networks() -> None:
    torch.manual_seed(0)
    for model, chain, shape in ((lenet5(), LENET5, INPUT_SHAPE), (padded(), PADDED, SMALL)):
        session = onnx_session(answering_graph(chain, shapes(model), shape))
        images = torch.rand(9, *shape)
        feed = {name: parameter.detach().numpy() for name, parameter in model.named_parameters()}
        found = session.run(None, feed | {"images": images.numpy()})[0]
        with torch.inference_mode():
            torch.testing.assert_close(torch.from_numpy(found), model(images), rtol=1e-4, atol=1e-5)
