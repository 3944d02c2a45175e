"""Networks in the middle of training, wrapped, or with what Python cannot copy."""

import threading
from collections import deque

import pytest
import torch
from hypothesis import given, settings
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import prune

from labcode import preflight, pruning, quantization, runtime
from labcode._copied import copied
from tests.brought_networks import BROUGHT, SHAPE
from tests.examples import examples
from tests.odd_networks import SHAPE as ODD_SHAPE
from tests.odd_networks import Odd, built, odd_networks

pytestmark = pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")


class Keeps(nn.Module):
    """Keeps features of its last run in attributes, as a cache or for a loss."""

    def __init__(self):
        super().__init__()
        self.c, self.o = nn.Conv2d(3, 4, 3), nn.Linear(4, 2)
        self.held, self.last, self.queue = {"features": []}, None, deque(maxlen=2)

    def forward(self, x):
        h = F.relu(self.c(x))
        self.held["features"].append((h,))
        self.queue.append({"h": h})
        self.last = h.mean((2, 3))
        return self.o(self.last)


def pruned_by_pytorch():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 2))
    prune.l1_unstructured(model[0], "weight", 0.5)
    return model


TRAINED = {
    "old weight norm": lambda: nn.Sequential(
        nn.utils.weight_norm(nn.Conv2d(3, 4, 3)), nn.Flatten(), nn.Linear(144, 2)
    ),
    "old spectral norm": lambda: nn.Sequential(
        nn.utils.spectral_norm(nn.Conv2d(3, 4, 3)), nn.Flatten(), nn.Linear(144, 2)
    ),
    "pruned by PyTorch": pruned_by_pytorch,
    "kept features": Keeps,
}


@pytest.mark.slow
@settings(max_examples=examples(40))
@given(odd_networks(matrices=True))
def test_a_copy_after_a_step_answers_as_the_network(drawn):
    model, x = built(Odd, *drawn), torch.rand(2, *ODD_SHAPE)
    model(x).sum().backward()  # what the forward made stays in the network, with its history
    with torch.no_grad():
        torch.testing.assert_close(copied(model)(x), model(x), rtol=0, atol=0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", TRAINED)
def test_the_preflight_takes_a_network_in_the_middle_of_training(kind):
    fresh, trained = TRAINED[kind]().eval(), TRAINED[kind]().eval()
    trained.load_state_dict(fresh.state_dict())
    x = torch.rand(4, *SHAPE)
    trained(x).sum().backward()
    wanted, got = (preflight.check(model, images=x).verdicts for model in (fresh, trained))
    assert got == wanted
    assert {method for method, verdict in got.items() if verdict.answer == "yes"} > {
        "count", "int8", "packed file", "ONNX file", "int8 file",
    }  # fmt: skip


def test_what_cannot_be_copied_is_named():
    model = BROUGHT["plain"]()
    model.c.busy = threading.Lock()
    said = r"'busy' of 'c' cannot be copied: cannot pickle '_thread.lock' object"
    x = torch.rand(4, *SHAPE)
    for use in (
        lambda: preflight.check(model, images=x),
        lambda: quantization.fold_batch_norm(model, SHAPE),
        lambda: quantization.quantize_model(model, x),
        lambda: pruning.joint_plan(model, pruning.unit_norms(model), 0.5, SHAPE),
        lambda: runtime.to_onnx(model, SHAPE),
    ):
        with pytest.raises(ValueError, match=said):
            use()


@pytest.mark.parametrize("wrap", [nn.DataParallel, lambda m: nn.DataParallel(nn.DataParallel(m))])
def test_a_wrapped_network_is_counted_under_the_names_that_it_has_there(wrap):
    model = wrap(BROUGHT["plain"]()).eval()
    found = preflight.check(model, SHAPE, methods=["count"])
    assert found.verdicts["count"].answer == "yes"
    assert all(one.verdicts["count"].answer == "yes" for one in found.layers)
