"""The preflight says no where the method raises, in the method's own words, and nowhere else.

Each method is called here as a user would call it, and what it hands over is looked at by itself.
"""

import warnings

import pytest
import torch
from hypothesis import Phase, given, settings
from torch import nn
from torch.nn import functional as F

import labcode
from labcode import coding, preflight, pruning, quantization, runtime
from labcode._copied import copied
from labcode._refusals import sentence
from tests.brought_kinds import KINDS
from tests.brought_networks import BROUGHT, SHAPE, Net
from tests.examples import examples
from tests.odd_networks import SHAPE as ODD_SHAPE
from tests.odd_networks import Odd, built, odd_networks

KEPT, BITS = 0.5, 4
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


def images_of(model, shape):
    images = torch.rand(4, *shape, generator=torch.Generator().manual_seed(0))
    first = next((p for p in model.parameters() if p.is_floating_point()), images)
    return images.to(first.dtype)


def pruned(model, images):
    pruning.select(model, pruning.magnitude(model), KEPT).apply(model)
    return model


def cut(model, images):
    shape = images.shape[1:]
    plan = pruning.joint_plan(model, pruning.unit_norms(model), KEPT, shape)
    return pruning.cut(model, plan, shape)


def integers(model, images):
    folded = quantization.fold_batch_norm(model, images.shape[1:])
    return quantization.to_integer(quantization.quantize_model(folded, images), images.shape[1:])


def shared(model, images):
    quantization.share_weights(model, BITS)
    return model


CALLS = {
    "count": lambda m, x: labcode.count(m, tuple(x.shape[1:])),
    "prune weights": pruned,
    "cut filters": cut,
    "fold batch norm": lambda m, x: quantization.fold_batch_norm(m, x.shape[1:]),
    "int8": quantization.quantize_model,
    "integers": integers,
    "share weights": shared,
    "packed file": lambda m, x: coding.unpack(coding.pack(m), copied(m)),
}
FILES = {
    "ONNX file": lambda m, x: runtime.to_onnx(m, x.shape[1:]),
    "int8 file": runtime.to_int8,
}


def called(use, model, images):
    """What a method hands over, or the sentence of its error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return use(copied(model).eval(), images), ""
        except (ValueError, TypeError) as error:  # anything else is no clear error
            return None, sentence(error)


def agree(model, shape, calls):
    """Compare the preflight with what each method does."""
    images = images_of(model, shape)
    found = preflight.check(model, images=images, methods=list(calls))
    for method, use in calls.items():
        verdict = found.verdicts[method]
        made, raised = called(use, model, images)
        assert (verdict.answer == "no") == bool(raised), (method, verdict, raised)
        if raised:
            assert verdict.reason == raised
            continue
        left = {one.name for one in found.layers if _left(one, method)}
        if verdict.answer in ("yes", "in part"):
            assert bool(left) == (verdict.answer == "in part")
        if method in LEFT and not isinstance(model, torch.jit.ScriptModule):
            assert left == LEFT[method](model, made), method
        if isinstance(made, nn.Module) and method in ("fold batch norm", "packed file"):
            same_answers(model, made, images)
        if verdict.answer == "nothing to do" and isinstance(made, nn.Module):
            same_answers(model, made, images)


def _left(layer, method):
    return method in layer.verdicts and layer.verdicts[method].answer == "no"


def same_answers(model, made, images):
    with torch.no_grad():
        before, after = (seeded_answer(copied(m).eval(), images) for m in (model, made))
    for old, new in zip(_tensors(before), _tensors(after), strict=True):
        torch.testing.assert_close(new, old, rtol=1e-3, atol=1e-3, equal_nan=True)


def seeded_answer(model, images):
    torch.manual_seed(0)
    return model(images.clone())


def _tensors(answer):
    if isinstance(answer, torch.Tensor):
        return [answer]
    return list(answer.values()) if isinstance(answer, dict) else list(answer)


def norms_that_stay(model, made):
    return {n for n, m in model.named_modules() if isinstance(m, NORMS)} & {
        n for n, m in made.named_modules() if isinstance(m, NORMS)
    }


def layers_that_stay_whole(model, made):
    def sizes(network):
        return {
            name: size
            for name, layer in network.named_modules()
            for size in [getattr(layer, "out_channels", getattr(layer, "out_features", None))]
            if size is not None
        }

    return {name for name, size in sizes(made).items() if sizes(model)[name] == size}


def layers_of_many_values(model, made):
    kinds = (nn.Linear, nn.modules.conv._ConvNd)
    return {
        name
        for name, layer in made.named_modules()
        if isinstance(layer, kinds) and (not layer.weight.any() or len(layer.weight.unique()) > 17)
    }


def bare(model):
    """Names of the parameters of modules that are not PyTorch's, with those modules' names."""
    no_layer = ("torch.nn.modules.container", "torch.nn.modules.module")
    for owner, module in model.named_modules():
        if any(
            kind.__module__.startswith("torch.nn.modules.") and kind.__module__ not in no_layer
            for kind in type(module).__mro__
        ):
            continue
        for name, parameter in module.named_parameters(prefix=owner, recurse=False):
            numbers = parameter.is_floating_point() or parameter.is_complex()
            if numbers and parameter.numel() > 1:
                yield owner, name


def owners_without_a_zero(model, made):
    return {owner for owner, name in bare(model) if made.get_parameter(name).all()}


def layers_that_share_nothing(model, made):
    vectors = {owner for owner, name in bare(model) if made.get_parameter(name).ndim < 2}
    return layers_of_many_values(model, made) | vectors


LEFT = {
    "prune weights": owners_without_a_zero,
    "fold batch norm": norms_that_stay,
    "cut filters": layers_that_stay_whole,
    "share weights": layers_that_share_nothing,
    "packed file": lambda model, made: set(),
}
"""What a method left out, seen in what it handed over."""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [*BROUGHT, *KINDS])
def test_the_preflight_says_what_each_method_says(kind):
    torch.manual_seed(0)
    agree((BROUGHT | KINDS)[kind](), SHAPE, CALLS)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@settings(max_examples=examples(6), phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(odd_networks(matrices=True))
def test_they_agree_on_networks_drawn_at_random(drawn):
    agree(built(Odd, *drawn), ODD_SHAPE, CALLS)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["plain", "a tuple", "half", "double", "scripted", "NaN"])
def test_they_agree_on_files(kind):
    torch.manual_seed(0)
    agree(BROUGHT[kind](), SHAPE, FILES)


class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.o = nn.Linear(4, 6), nn.Linear(5, 6), nn.Linear(6, 2)

    def forward(self, x, y, scale=None):
        h = torch.relu(self.a(x) + self.b(y))
        return self.o(h if scale is None else h * scale)


def test_several_inputs():
    x, y = torch.rand(4, 4), torch.rand(4, 5)
    methods = [*CALLS, *FILES]
    found = preflight.check(TwoInputs().eval(), inputs=(x, y), methods=methods)
    answers = {name: verdict.answer for name, verdict in found.verdicts.items()}
    able = {"count", "prune weights", "share weights", "packed file"}
    takes_shapes = {"cut filters", "fold batch norm"}
    assert {name for name, answer in answers.items() if answer == "yes"} == able
    assert answers["cut filters"] == "in part"
    said = "the network has 2 inputs, and this method is for networks with one"
    assert answers["fold batch norm"] == "nothing to do"
    for method in set(methods) - able - takes_shapes:
        assert found.verdicts[method].reason == said
    shapes = [(4,), (5,)]
    for use in (
        lambda: quantization.quantize_model(TwoInputs(), (x, y)),
        lambda: runtime.to_onnx(TwoInputs(), shapes),
    ):
        with pytest.raises(ValueError, match=said):
            use()


def test_inputs_by_name_and_tokens():
    x, y, scale = torch.rand(4, 4), torch.rand(4, 5), torch.ones(6)
    found = preflight.check(TwoInputs(), inputs=(x, y), kwargs={"scale": scale}, methods=CALLS)
    assert found.verdicts["count"].answer == "yes"
    assert "an input has a name" in found.verdicts["cut filters"].reason
    tokens = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(12, 2)).eval()
    found = preflight.check(tokens, inputs=torch.randint(9, (4, 3)), methods=CALLS)
    assert found.verdicts["count"].answer == "yes"
    assert "not floating point" in found.verdicts["cut filters"].reason
    with pytest.raises(ValueError, match=r"inputs \(4 × 4 float32, scale: 6 float32\)"):
        preflight.check(TwoInputs(), inputs=(x,), kwargs={"scale": scale})
    with pytest.raises(ValueError, match="not both"):
        preflight.check(TwoInputs(), images=x, inputs=(x, y))
    with pytest.raises(ValueError, match="not both"):
        preflight.check(TwoInputs(), (4,), inputs=(x, y))


def test_each_norm_that_stays_has_its_own_reason():
    reasons = {}
    for kind in ("hooked", "no statistics", "twice"):
        reasons |= {kind: quantization.left_unfolded(BROUGHT[kind](), SHAPE)["n"]}
    assert reasons["hooked"] == "a hook on it reads or changes what it does"
    assert reasons["no statistics"] == "it keeps no running statistics"
    assert "as well" in reasons["twice"]


def test_dropout_that_never_ends_has_no_integers():
    def run(self, x):
        return self.o(F.dropout(F.relu(self.c(x)), 0.01, training=True).flatten(1))

    net = Net(run, c=nn.Conv2d(3, 4, 3), o=nn.Linear(144, 4)).eval()
    images = images_of(net, SHAPE)
    with pytest.raises(
        ValueError, match=r"dropout.* is not supported.*: it goes on after training"
    ):
        quantization.to_integer(quantization.quantize_model(net, images), SHAPE)
