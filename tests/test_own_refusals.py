"""What users bring and a method cannot take: one sentence that names the layer and the reason."""

import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations

from labcode import coding, count, own, preflight, pruning, quantization, runtime
from labcode.__main__ import main
from labcode.quantization.folding import UnfoldedWarning
from tests.brought_kinds import KINDS
from tests.brought_networks import BROUGHT, SHAPE, Net, mean_of, plain, shared_norm


def images(n=8):
    return torch.rand(n, *SHAPE, generator=torch.Generator().manual_seed(0))


def said_by(use, *args):
    with pytest.raises(ValueError, match=r"\w") as caught:
        use(*args)
    text = str(caught.value)
    assert "\n" not in text
    assert "ONNXRuntimeError" not in text
    return text


def casting(dtype):
    return Net(
        lambda self, x: self.o(F.relu(self.c(x).to(dtype)).float().mean((2, 3))),
        c=nn.Conv2d(3, 8, 3),
        o=nn.Linear(8, 4),
    ).eval()


class Autocast(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = plain()

    def forward(self, x):
        with torch.autocast("cpu", torch.bfloat16):
            return self.inner(x).float()


@pytest.mark.slow
@pytest.mark.parametrize("use", [runtime.to_onnx, runtime.to_int8])
def test_half_precision_inside_is_named(use):
    given = SHAPE if use is runtime.to_onnx else images()
    said = said_by(use, casting(torch.bfloat16).eval(), given)
    assert said.startswith("the network itself computes in bfloat16 (by _to_copy), which ONNX")
    assert "'inner.c' computes in bfloat16" in said_by(use, Autocast().eval(), given)
    assert use(casting(torch.float16), given)  # which the runtime can


NOT_FINITE = {
    "variance": lambda: spoiled(plain(), "n", "running_var", torch.nan),
    "mean": lambda: spoiled(plain(), "n", "running_mean", torch.inf),
    "norm of groups": lambda: spoiled(plain(n=nn.GroupNorm(2, 8)), "n", "weight", torch.nan),
    "bias": lambda: spoiled(plain(), "n", "bias", -torch.inf),
}
USES = {
    "fold": lambda m: quantization.fold_batch_norm(m, SHAPE),
    "quantize": lambda m: quantization.quantize_model(m, images()),
    "onnx": lambda m: runtime.to_onnx(m, SHAPE),
    "int8": lambda m: runtime.to_int8(m, images()),
}


def spoiled(net, layer, own_name, value):
    with torch.no_grad():
        getattr(getattr(net, layer), own_name)[2] = value
    return net


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("kind", NOT_FINITE)
def test_numbers_that_are_not_finite_are_named_with_their_own_layer(kind, use):
    said = said_by(USES[use], NOT_FINITE[kind]())
    assert said.startswith(("n ", "'n' "))
    assert "holds NaN or infinity" in said


@pytest.mark.slow
@pytest.mark.parametrize("use", ["fold", "quantize", "onnx"])
def test_infinity_in_a_mask_is_meant(use):
    net = Net(
        lambda self, x: self.o(F.softmax(self.c(x).flatten(2) + self.mask, -1).sum(2)),
        c=nn.Conv2d(3, 8, 1),
        o=nn.Linear(8, 4),
    ).eval()
    net.register_buffer("mask", torch.zeros(64).index_fill(0, torch.tensor([3]), -torch.inf))
    assert USES[use](net) is not None


def exported(n):
    return torch.export.export(plain(), (images(n),)).module()


@pytest.mark.slow
def test_an_exported_module_is_refused_in_words():
    around = Net(lambda self, x: self.o(F.relu(self.e(x))), e=exported(1), o=nn.Linear(4, 4))
    wanted = "it was exported for other sizes (Guard failed: "
    assert wanted in said_by(lambda: preflight.check(around, images=images(4)))
    assert wanted in own.variants(exported(1), images(4), runs=2)[0].refusal
    assert wanted in said_by(count, exported(4), SHAPE)
    for use in USES:
        if use != "onnx":
            assert "'e' is exported (GraphModule)" in said_by(USES[use], around)
            assert "the network itself is exported" in said_by(USES[use], exported(1))


class Odd(nn.Module):
    """It answers to one image alone, and says otherwise what Python says."""

    def __init__(self):
        super().__init__()
        self.c, self.d, self.o = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 1), nn.Linear(8, 4)

    def forward(self, x):
        return self.o(self.d(F.relu(self.c(x))).mean((2, 3))) * {1: 2}[len(x)]


def test_whatever_a_network_raises_becomes_a_sentence():
    net = Odd().eval()
    quantized = quantization.quantize_model(net, images(1))
    for use in (quantization.correct_bias, quantization.learn_rounding):
        assert said_by(use, net, quantized, images(4)) == (
            "Odd does not run on one tensor, (4, 3, 8, 8): KeyError: 4"
        )


def test_sizes_without_end_are_refused(capsys):
    huge = "3,100000000000000000000,4"
    for command in ("count", "check"):
        assert main([command, "torchvision:squeezenet1_1", "--input", huge]) == 1
        error = capsys.readouterr().err
        assert "input_shape must hold at most 1,099,511,627,776 numbers" in error
        assert error.count("\n") == 1
    shape = (3, 10**20, 4)
    for use in (count, quantization.fold_batch_norm, runtime.to_onnx):
        assert "must hold at most" in said_by(use, plain(), shape)


def test_folding_says_which_norms_stay():
    with pytest.warns(UnfoldedWarning, match="'n' is not folded: it runs after several layers$"):
        quantization.fold_batch_norm(shared_norm(), SHAPE)
    two = nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3), nn.ReLU(), nn.BatchNorm2d(3))
    with pytest.warns(UnfoldedWarning, match="'1' is not folded: no .*, and 1 more stay"):
        quantization.fold_batch_norm(two, SHAPE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quantization.fold_batch_norm(plain(), SHAPE)
        preflight.check(shared_norm(), SHAPE, methods=["fold batch norm"])


def test_equalizing_leaves_out_what_it_cannot_scale():
    def chain(*first):
        torch.manual_seed(0)
        return nn.Sequential(*first, nn.ReLU(), nn.Conv2d(8, 8, 1), nn.ReLU(), nn.Conv2d(8, 4, 1))

    x = images()
    normed = chain(parametrizations.weight_norm(nn.Conv2d(3, 8, 3))).eval()
    equal = quantization.equalize(normed, SHAPE)
    torch.testing.assert_close(equal(x), normed(x), rtol=1e-4, atol=1e-5)
    ranges = [equal[0].weight.abs().amax((1, 2, 3)), equal[2].weight.abs().amax((0, 2, 3))]
    torch.testing.assert_close(*ranges, rtol=1e-3, atol=1e-4)  # a weight norm is no obstacle
    tied = mean_of(
        lambda self, x: F.conv_transpose2d(self.b(F.relu(self.a(x))), self.a.weight),
        a=nn.Conv2d(3, 8, 1), b=nn.Conv2d(8, 8, 1), o=nn.Linear(3, 4),
    )  # fmt: skip
    for net in (tied, plain(c=parametrizations.spectral_norm(nn.Conv2d(3, 8, 3)))):
        assert "no two layers stand next to each other" in said_by(
            quantization.equalize, net, SHAPE
        )


def test_an_equalized_network_is_compared(monkeypatch):
    from labcode.quantization import equalization

    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 1)).eval()
    monkeypatch.setattr(equalization, "_equalize_pair", lambda model, pair: model[0].weight.zero_())
    assert "the equalized Sequential does not answer as" in said_by(
        quantization.equalize, net, SHAPE
    )


def test_the_bias_of_a_linear_layer_on_rows_is_corrected():
    torch.manual_seed(0)
    net = Net(
        lambda self, x: self.o(F.relu(self.l(x.flatten(2).transpose(1, 2)))).mean(1),
        l=nn.Linear(3, 16), o=nn.Linear(16, 4),
    ).eval()  # fmt: skip
    x = images(64)
    rounded = quantization.quantize_model(net, x, weight_bits=2, activation_bits=None)
    corrected = quantization.correct_bias(net, rounded, x)
    torch.testing.assert_close(corrected(x).mean(0), net(x).mean(0), rtol=1e-3, atol=1e-4)
    assert (rounded(x).mean(0) - net(x).mean(0)).abs().max() > 1e-2


FILES = {
    "packed": coding.pack,
    "sparse": pruning.save_sparse,
    "quantized": lambda m: quantization.pack_model(quantization.quantize_model(m, images())),
}


@pytest.mark.parametrize("file", FILES)
def test_tensors_that_no_file_holds(file):
    sparse = plain()
    sparse.register_buffer("table", torch.eye(3).to_sparse())
    assert "stored sparsely (sparse_coo)" in said_by(FILES[file], sparse)
    assert "on the meta device" in said_by(FILES[file], plain().to("meta"))


def test_a_network_without_numbers_is_counted_and_nothing_else():
    found = preflight.check(plain().to("meta"), SHAPE).verdicts
    assert found.pop("count").answer == "yes"
    assert {verdict.reason for verdict in found.values()} == {
        "'c' is a Conv2d on the meta device, where there are no numbers: load its weights first"
    }
    said = said_by(quantization.quantize_model, plain(), images().to("meta"))
    assert said == "images are on the meta device, where there are no numbers"


def test_what_cannot_be_copied_is_named():
    net = plain()
    net.steps = (n for n in range(3))
    said = "'steps' of the network itself cannot be copied: cannot pickle 'generator' object"
    for use in (*USES.values(), lambda m: preflight.check(m, SHAPE)):
        assert said_by(use, net).endswith(said)


def test_a_layer_behind_which_channels_stand_elsewhere_stays_whole():
    found = preflight.check(KINDS["recurrent"](), SHAPE, methods=["cut filters"])
    said = {one.name: str(one.verdicts.get("cut filters", "")) for one in found.layers}
    assert said["c"].startswith("no, because what 'c' is joined to could not be followed")


def test_buffers_that_change_the_answer_have_no_file():
    said = said_by(runtime.to_onnx, KINDS["remembering"](), SHAPE)
    assert said.startswith("Remembering changes its buffer 'mean' when it answers, and then")


@pytest.mark.slow
def test_a_weight_of_two_kinds_of_layers_has_no_int8_file():
    said = said_by(runtime.to_int8, KINDS["transposed by its own weight"](), images())
    assert said.startswith("c.weight is the weight of a Conv and of a ConvTranspose")


@pytest.mark.slow
def test_the_exporter_leaves_nothing_in_a_network():
    net = KINDS["made late"]()
    for use in (quantization.left_unfolded, quantization.fold_batch_norm):
        use(net, SHAPE)
    said_by(quantization.chain, net, SHAPE)
    assert net.o is None


@pytest.mark.slow
def test_a_flow_that_depends_on_numbers_is_told_in_words():
    def run(self, x):
        h = self.c(x)
        return self.o((F.relu(h) if h.sum() > 0 else h).mean((2, 3)))

    said = said_by(
        quantization.fold_batch_norm, Net(run, c=nn.Conv2d(3, 8, 3), o=nn.Linear(8, 4)), SHAPE
    )
    assert said.endswith(
        "what it does depends on the numbers of its input, and one graph cannot hold that"
    )


def test_several_answers_have_no_sensitivity():
    said = said_by(quantization.sensitivity, BROUGHT["a dict"](), images(), 4)
    assert said.startswith("the network must answer with one tensor (N, classes), got a dict")
