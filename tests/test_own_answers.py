"""Networks with several answers: a cut sees them all, and what gives none of them is refused."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from labcode.models import exit_cnn, msd_net
from labcode.models.exit_network import AllExits
from labcode.pruning import cut, joint_plan, unit_norms
from tests.examples import examples

SHAPE = (3, 6, 6)
FORMS = {
    "tuple": tuple,
    "list": list,
    "dict": lambda found: {f"exit {number}": one for number, one in enumerate(found)},
    "nested": lambda found: {"last": found[-1], "others": tuple(found[:-1])},
}


class Heads(nn.Module):
    """Convolutions in a row, with a classifier behind some of them and behind the last."""

    def __init__(self, widths, heads, form):
        super().__init__()
        inputs = [SHAPE[0], *widths[:-1]]
        self.convs = nn.ModuleList(
            nn.Conv2d(i, o, 3, padding=1) for i, o in zip(inputs, widths, strict=True)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(o) for o in widths)
        self.heads = nn.ModuleDict({str(h): nn.Linear(widths[h], 2 + h) for h in heads})
        self.last, self.form = nn.Linear(widths[-1], 9), form

    def forward(self, x):
        found = []
        for number, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            x = F.relu(norm(conv(x)))
            if str(number) in self.heads:
                found.append(self.heads[str(number)](x.mean((2, 3))))
        return FORMS[self.form]([*found, self.last(x.mean((2, 3)))])


@pytest.mark.slow
@settings(max_examples=examples(20))
@given(st.lists(st.integers(2, 8), min_size=1, max_size=4), st.data(), st.sampled_from(list(FORMS)))
def test_every_answer_of_a_cut_network_reads_what_is_left(widths, data, form):
    heads = data.draw(st.sets(st.integers(0, len(widths) - 1)))
    model = Heads(widths, heads, form).eval()
    smaller = cut(model, joint_plan(model, unit_norms(model), 0.5, SHAPE), SHAPE)
    halves = [-(-width // 2) for width in widths]
    assert [conv.out_channels for conv in smaller.convs] == halves
    assert {h: smaller.heads[str(h)].in_features for h in heads} == {h: halves[h] for h in heads}
    assert {h: smaller.heads[str(h)].out_features for h in heads} == {h: 2 + h for h in heads}


@pytest.mark.slow
def test_a_network_with_exits_is_cut_where_all_of_them_answer():
    network, shape = exit_cnn().eval(), (1, 28, 28)
    with pytest.raises(ValueError, match=r"'exits.\d.fc' does not run.*let the network return it"):
        joint_plan(network, unit_norms(network), 0.5, shape)
    model = AllExits(network)
    smaller = cut(model, joint_plan(model, unit_norms(model), 0.5, shape), shape).network
    x = torch.rand(2, *shape)
    assert smaller.all_logits(x).shape == network.all_logits(x).shape
    fewer = [block[0].out_channels for stage in smaller.stages for block in stage.children()]
    assert fewer == [4, 4, 8, 8, 16, 16, 16, 16]


@pytest.mark.parametrize("make", [exit_cnn, msd_net])
def test_all_exits_answer_as_by_themselves(make):
    network, x = make().eval(), torch.rand(2, 1, 28, 28)
    answers = AllExits(network)(x)
    assert len(answers) == len(network.exits)
    torch.testing.assert_close(torch.stack(answers), network.all_logits(x))
    torch.testing.assert_close(answers[-1], network(x))
