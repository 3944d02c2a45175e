"""The workbench's engine in Chromium: it answers and trains as PyTorch does, step by step."""

import base64
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Page
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

from labcode import data, pruning
from labcode.coding import unpack
from labcode.data.dataset import Split
from labcode.models import lenet5
from labcode.quantization import centroid_training, share_weights, symmetric_params
from labcode.quantization.fake import FakeQuantizer, straight_through
from labcode.training import evaluate
from labcode.training.schedule import cosine
from labcode.weights import baselines

PAGE = "book/shipping/draw.html"  # any page of the site: the engine is imported into it
THRESHOLD = 0.06
LR, STEPS, SEED = 0.02, 4, 7

OPEN = """
async () => {
  const base = new URL("../../workbench/", location.href);
  const [{ open }, { batchesOf }] = await Promise.all(
    ["engine", "training"].map((name) => import(new URL(`engine/${name}.mjs`, base))));
  window.batchesOf = batchesOf;
  window.engine = await open(base);
  window.encoded = (array) => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    let text = "";
    for (let i = 0; i < bytes.length; i += 32768)
      text += String.fromCharCode(...bytes.subarray(i, i + 32768));
    return btoa(text);
  };
  window.everything = (state) => engine.layers.flatMap(({ name }) => [
    [`${name}.weight`, encoded(state.weights[name])],
    [`${name}.bias`, encoded(state.biases[name])]]);
}
"""
START = f"""
  const thin = engine.pruneBySize(engine.start(), null, {THRESHOLD});
  const start = {{
    masked: () => thin,
    kmeans: () => engine.share(thin, null, 3, "kmeans"),
    even: () => engine.share(thin, null, 4, "even"),
    sign: () => engine.share(thin, null, 1, "even"),
  }}[kind]();
"""
TRAIN = f"""
async (kind) => {{
  {START}
  const states = [everything(start)];
  const said = [];
  const signal = {{ aborted: false }};
  const end = await engine.train(start, {{
    lr: {LR}, passes: 2, seed: {SEED}, signal,
    onStep({{ step, steps, loss, right, count, state }}) {{
      said.push({{ steps, loss, right, count }});
      states.push(everything(state()));
      signal.aborted = step === {STEPS};
    }},
  }});
  states.push(everything(end));
  const all = batchesOf(3500, 2, {SEED});
  const batches = all.slice(0, {STEPS}).map((places) => [...places]);
  return {{ states, said, number: all.length, batches }};
}}
"""


@pytest.fixture
def engine(visit) -> Page:
    """A page with the engine in it."""
    page = visit(PAGE).page
    page.evaluate(OPEN)
    return page


def decoded(pairs: list[list[str]]) -> dict[str, Tensor]:
    """A state's weights and biases as PyTorch names and shapes them."""
    like = dict(lenet5().named_parameters())
    return {
        name: torch.from_numpy(np.frombuffer(base64.b64decode(text), np.float32).copy()).reshape(
            like[name].shape
        )
        for name, text in pairs
    }


def held_out() -> Split:
    return data.load("mnist5k").test.subset(50)


def model_of(tensors: dict[str, Tensor]) -> nn.Module:
    model = lenet5()
    model.load_state_dict(tensors)
    return model.eval()


def thin_lenet5() -> tuple[nn.Module, pruning.Masks]:
    model = baselines.load("lenet5").train()
    masks = pruning.Masks.from_thresholds(model, THRESHOLD)
    masks.apply(model)
    return model, masks


def torch_steps(
    model: nn.Module, batches: list[list[int]], total: int, masks: pruning.Masks | None
) -> list[dict[str, Any]]:
    """Train in PyTorch; return what each step said and the weights after it."""
    train = data.load("mnist5k").train
    optimizer = torch.optim.SGD(model.parameters(), lr=LR, momentum=0.9)
    found = []
    for step, places in enumerate(batches):
        optimizer.param_groups[0]["lr"] = LR * cosine(step / total)
        images, labels = train.images[places], train.labels[places]
        logits = model(images)
        loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if masks is not None:
            masks.apply(model)
        weights = {
            f"{name}.{own}": getattr(layer, own).detach().clone()
            for name, layer in model.named_children()
            for own in ("weight", "bias")
            if hasattr(layer, own)
        }
        right = int((logits.argmax(dim=1) == labels).sum())
        found.append({"loss": float(loss.detach()), "right": right, "weights": weights})
    return found


def hold_equal(found: dict[str, Any], wanted: list[dict[str, Any]], close: float) -> None:
    """Compare each step's loss, right answers and weights; a few may lie at an edge."""
    assert found["number"] == found["said"][0]["steps"] == 140
    assert len(found["said"]) == STEPS
    for said, pairs, expected in zip(found["said"], found["states"][1:-1], wanted, strict=True):
        assert said["loss"] == pytest.approx(expected["loss"], rel=2e-3, abs=1e-5)
        assert said["right"] == expected["right"]
        assert said["count"] == 50
        for name, values in decoded(pairs).items():
            near = torch.isclose(values, expected["weights"][name], rtol=1e-3, atol=2e-5)
            assert float(near.float().mean()) >= close, name
    assert found["states"][-1] == found["states"][-2]  # stopped: what was reached is returned


def test_what_is_kept_trains_as_in_pytorch(engine) -> None:
    found = engine.evaluate(TRAIN, "masked")
    model, masks = thin_lenet5()
    assert all(
        torch.equal(v, model.state_dict()[n]) for n, v in decoded(found["states"][0]).items()
    )
    hold_equal(found, torch_steps(model, found["batches"], 140, masks), close=1.0)
    for name, values in decoded(found["states"][-1]).items():
        assert name.endswith("bias") or not values[~masks[name]].any()


def test_centroids_train_as_in_pytorch(engine) -> None:
    found = engine.evaluate(TRAIN, "kmeans")
    model, _ = thin_lenet5()
    shared = share_weights(model, 3)
    with centroid_training(model, shared):
        wanted = torch_steps(model, found["batches"], 140, None)
    hold_equal(found, wanted, close=0.9999)
    end = decoded(found["states"][-1])
    assert all(len(end[name].unique()) <= 9 for name in shared.codebooks)


def test_rounded_weights_train_straight_through_as_in_pytorch(engine) -> None:
    found = engine.evaluate(TRAIN, "even")
    model, masks = thin_lenet5()
    for name, weight in pruning.prunable(model).items():
        layer = model.get_submodule(name.removesuffix(".weight"))
        steps = FakeQuantizer(symmetric_params(float(weight.detach().abs().max()), 4))
        parametrize.register_parametrization(layer, "weight", _Masked(steps, masks[name]))
    hold_equal(found, torch_steps(model, found["batches"], 140, None), close=0.999)


def test_signs_train_straight_through_as_in_pytorch(engine) -> None:
    found = engine.evaluate(TRAIN, "sign")
    model, masks = thin_lenet5()
    for name in pruning.prunable(model):
        layer = model.get_submodule(name.removesuffix(".weight"))
        parametrize.register_parametrization(layer, "weight", _Signs(masks[name]))
    hold_equal(found, torch_steps(model, found["batches"], 140, None), close=0.999)


class _Signs(nn.Module):
    """Plus or minus the mean size of what is kept."""

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.mask = mask

    def forward(self, weight: Tensor) -> Tensor:
        size = weight[self.mask].abs().mean()
        return straight_through(weight, torch.where(weight >= 0, size, -size) * self.mask)


class _Masked(nn.Module):
    """Even steps of what is kept."""

    def __init__(self, steps: FakeQuantizer, mask: Tensor) -> None:
        super().__init__()
        self.steps, self.mask = steps, mask

    def forward(self, weight: Tensor) -> Tensor:
        return self.steps(weight) * self.mask


def test_held_out_digits_are_answered_as_in_pytorch(engine) -> None:
    found = engine.evaluate(
        """async () => {
            const states = [0, 0.05, 0.08, 0.1].map((bound) =>
              engine.pruneBySize(engine.start(), null, bound));
            const found = [];
            for (const state of states) {
              found.push({ tensors: everything(state), all: await engine.evaluate(state),
                           few: await engine.evaluate(state, { count: 100 }) });
            }
            return found;
        }"""
    )
    split = held_out()
    for one in found:
        model = model_of(decoded(one["tensors"]))
        assert one["all"]["right"] == evaluate(model, split).correct
        few = Split(split.images[:100], split.labels[:100])
        assert one["few"]["right"] == evaluate(model, few).correct
        with torch.inference_mode():
            chances = model(split.images).softmax(dim=1)
        wrong = [i for i in range(500) if int(chances[i].argmax()) != int(split.labels[i])]
        assert [each["place"] for each in one["all"]["wrong"]] == wrong
        for each in one["all"]["wrong"]:
            place = each["place"]
            assert each["label"] == int(split.labels[place])
            assert each["answer"] == int(chances[place].argmax())
            assert each["probability"] == pytest.approx(float(chances[place].max()), abs=1e-3)
        low, high = wilson(one["all"]["right"], 500)
        assert (one["all"]["low"], one["all"]["high"]) == pytest.approx((low, high), abs=1e-9)
    assert found[0]["all"]["right"] > 490 > found[-1]["all"]["right"]


def wilson(right: int, n: int) -> tuple[float, float]:
    """The two p from which right / n is 1.96 standard errors away: n (s - p)^2 = z^2 p (1 - p)."""
    z, share = NormalDist().inv_cdf(0.975), right / n
    low, high = sorted(np.roots([n + z**2, -2 * n * share - z**2, n * share**2]))
    return low, high


def test_a_file_made_in_the_browser_is_read_in_python(engine) -> None:
    found = engine.evaluate(
        """async () => {
            let state = engine.pruneBySize(engine.start(), null, 0.08);
            const signal = { aborted: false };
            const onStep = ({ step }) => { signal.aborted = step === 3; };
            state = await engine.train(engine.tidy(state), { signal, onStep });
            state = engine.roundRest(engine.share(state, null, 3, "kmeans"), 4);
            const { bytes } = engine.pack(state);
            return { tensors: everything(state), file: encoded(bytes) };
        }"""
    )
    file = base64.b64decode(found["file"])
    model = unpack(file, lenet5())
    for name, values in decoded(found["tensors"]).items():
        assert torch.equal(values, model.state_dict()[name])
    assert len(file) < 4 * 431_080 / 40


def test_digits_are_those_of_the_test_split(engine) -> None:
    found = engine.evaluate(
        """() => [0, 137, 499].map((place) => {
            const { pixels, label } = engine.digit(place);
            return [place, label, [...pixels]];
        })"""
    )
    split = held_out()
    for place, label, pixels in found:
        assert label == int(split.labels[place])
        np.testing.assert_allclose(np.array(pixels) / 255, split.images[place].flatten(), atol=1e-6)


def test_a_file_that_does_not_come_is_named_and_asked_for_again(visit) -> None:
    page = visit(PAGE).page
    page.evaluate(OPEN)
    page.route("**/train.bin", lambda route: route.fulfill(status=503))
    attempt = """async () => {
        const signal = { aborted: false };
        const onStep = () => { signal.aborted = true; };
        try {
            await engine.train(engine.start(), { signal, onStep });
        } catch (error) {
            return error.message;
        }
        return "trained";
    }"""
    assert page.evaluate(attempt) == "train.bin: status 503"
    page.unroute("**/train.bin")
    assert page.evaluate(attempt) == "trained"


def test_what_cannot_be_done_is_said_in_words(engine) -> None:
    said = engine.evaluate(
        """async () => {
            const attempts = [
              () => engine.evaluate(engine.start(), { count: 501 }),
              () => engine.share(engine.start(), "fc1", 9, "even"),
              () => engine.share(engine.start(), "fc1", 3, "odd"),
              () => engine.train(engine.start(), { lr: 0 }),
              () => engine.train(engine.start(), { lr: 1e6, passes: 1 }),
              () => engine.twin(engine.start(), "other", 1),
              () => engine.pruneByChance(engine.start(), null, 1.5, 1),
            ];
            const said = [];
            for (const attempt of attempts) {
              try { await attempt(); said.push(""); } catch (error) { said.push(error.message); }
            }
            return said;
        }"""
    )
    assert said[0] == "count must be from 1 to 500, got 501"
    assert said[1] == "bits must be a whole number from 1 to 8, got 9"
    assert said[2] == 'kind must be "even" or "kmeans", got odd'
    assert said[3] == "lr must be a number above 0, got 0"
    assert said[4].endswith("try a smaller lr")
    assert said[5] == 'kind must be "random masks" or "new weights", got other'
    assert said[6] == "share must be from 0 to 1, got 1.5"
