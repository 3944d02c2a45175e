"""The exercises of *Squeeze and excitation*."""

from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Marks, Number


def _added() -> Marks:
    from labcode.pages.calculators.se_cost import excitation

    right = 3 * excitation(2048, 1, bias=False).params
    return Marks(
        right,
        {
            right // 3: "That is one block. The stage has three.",
            right // 2: "An excitation has two layers, one in and one out.",
            right // 16: "That is with r = 16, as the paper takes it. Asked is r = 1.",
        },
    )


def _open_gate() -> str:
    import torch
    from torch import nn

    from labcode import models

    image = torch.randn(2, 64, 7, 7, generator=torch.Generator().manual_seed(0))
    apart = []
    for gate in ("sigmoid", "tanh"):
        layer = models.SqueezeExcite(64, gate=gate)
        nn.init.zeros_(layer.fc2.weight)
        nn.init.constant_(layer.fc2.bias, 20.0)
        with torch.no_grad():
            apart.append(float((layer(image) - image).abs().max()))
    return "nothing" if max(apart) < 1e-5 else "scales"


def _macs_a_weight() -> Marks:
    from labcode.pages.calculators.se_cost import excitation

    found = excitation(2048, 16, bias=False)
    return Marks(
        found.macs // found.params,
        {
            49: "The map of 7 × 7 is averaged first. The two linear layers see one number a "
            "channel, so each weight is used once.",
            2: "That is FLOPs. A multiply-add counts once.",
            16: "r makes both smaller, the weights and the work.",
        },
    )


EXERCISES: tuple[Exercise, ...] = (
    Number(
        id="senet-1",
        asks="parameters that are added",
        unit="parameters",
        solve=_added,
        hints=(
            "A block's excitation goes from C to C/r channels and back.",
            "So 2 · C² / r weights a block, three times.",
        ),
    ),
    Choice(
        id="senet-2",
        asks="What does such an SE block do to the map that it reads?",
        choices={
            "nothing": Option(
                "Nothing: each channel is multiplied by one, with both gates.",
                "So a network with SE can do all that one without it can.",
            ),
            "scales": Option(
                "With the sigmoid nothing, but with the tanh it turns some signs around.",
                "A tanh may be negative, but not here: its input is the bias alone, and large.",
            ),
            "zero": Option(
                "It wipes the map out: weights of zero let nothing through.",
                "The weights belong to the gate, not to the map. With a large bias the gate stands "
                "open.",
            ),
        },
        solve=_open_gate,
        hints=(
            "With weights of zero, what reaches the gate?",
            "What are sigmoid(20) and tanh(20)?",
        ),
    ),
    Number(
        id="senet-3",
        asks="multiply-adds for each added parameter in stage 5",
        solve=_macs_a_weight,
        hints=(
            "The squeeze averages each channel to one number. How often is a weight used then?",
            "`excitation(2048, 16, bias=False)` of `labcode.pages.calculators.se_cost` tells both.",
        ),
    ),
)
