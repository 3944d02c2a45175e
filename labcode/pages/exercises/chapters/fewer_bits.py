"""The exercises of *Fewer bits, fewer channels*."""

from typing import Any

from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Marks, Number
from labcode.pages.exercises.tensors import Grid, Tensor


def _products() -> Marks:
    from labcode import weights

    network = weights.load_efficientnet_lite()
    layer: Any = network.get_submodule("blocks.1.depthwise")
    other: Any = network.get_submodule("blocks.5.narrow")
    right, channels = layer.weight[0].numel(), len(layer.weight)
    return Marks(
        right,
        {
            other.weight[0].numel(): "That is `blocks.5.narrow`, a 1×1 convolution that reads all "
            "channels.",
            right * channels: "Those are all weights. A depthwise filter reads one channel.",
            channels: "Those are the channels. Each has a filter of its own, of 3 × 3.",
        },
    )


def _undecided() -> str:
    """What the page's own layer loses when choices that nothing pushes to a side are made final."""
    import torch

    from labcode import data, quantization, weights
    from labcode.quantization.layers import layer_inputs

    folded = quantization.fold_batch_norm(weights.load_efficientnet_lite(), (3, 224, 224))
    seen = layer_inputs(folded, data.photographs(8))["blocks.5.narrow"]
    x = seen.movedim(1, -1).flatten(0, -2)  # (places, 240)
    layer: Any = folded.get_submodule("blocks.5.narrow")
    weight = layer.weight.detach().flatten(1)  # (80, 240)
    scale = quantization.symmetric_params(weight.abs().amax(1), bits=4, axis=0).scale[:, None]
    down = (weight / scale).floor()
    choice = torch.logit((weight / scale - down).clamp(0.01, 0.99)).requires_grad_()
    optimizer = torch.optim.Adam([choice], lr=0.1)
    for step in range(300):
        rows = x[torch.randint(len(x), (256,), generator=torch.Generator().manual_seed(step))]
        off = (rows @ ((down + choice.sigmoid()) * scale - weight).T).square().mean()
        optimizer.zero_grad()
        loss = off / (rows @ weight.T).square().mean()
        loss.backward()
        optimizer.step()
    up = choice.detach().sigmoid()
    between, final = (
        float((x @ ((down + part) * scale - weight).T).square().mean())
        for part in (up, (up > 0.5).float())
    )
    return "better" if final < between else "lost" if final > 20 * between else "same"


_HARMS = {8: {"a": 0.0, "b": 0.0, "c": 0.0}, 4: {"a": 0.2, "b": 0.5, "c": 0.4}}
_SIZES = {"a": 1_000, "b": 10_000, "c": 4_000}


def _bits() -> Grid:
    from labcode import quantization

    found = quantization.fewest_bits(_HARMS, _SIZES, budget=10_500)
    return Grid(
        list(found.values()),
        (
            (
                [4, 4, 4],
                "That takes the least harm first, without asking what it saves. Divide each harm "
                "by the bits that the step saves.",
            ),
            ([4, 8, 4], "That takes 12,500 bytes. It does little harm, but misses the budget."),
            ([8, 8, 4], "That takes 13,000 bytes, more than the budget."),
            ([8, 4, 4], "The budget is met one step earlier. Stop there."),
        ),
    )


def _what_to_ship() -> str:
    from labcode import studies

    tables = (studies.table(f"photographs_{name}") for name in ("methods", "learned"))
    rows = [row for table in tables for row in table.query("kept == 1").to_dict("records")]
    ways = {
        ("learned", 4): "learned",
        ("mixed", 4): "mixed",
        ("per_channel", 4): "nearest",
        ("shared", 5): "shared",
    }
    found = {ways[key]: row for row in rows if (key := (row["method"], row["bits"])) in ways}
    fits = {name: row for name, row in found.items() if row["bytes"] <= 2.5e6}
    return max(fits, key=lambda name: float(fits[name]["correct"]))


EXERCISES: tuple[Exercise, ...] = (
    Number(
        id="fewer_bits-1",
        asks="products in one sum of `blocks.1.depthwise`",
        unit="products",
        solve=_products,
        hints=(
            "How many weights has one filter of this layer?",
            "A depthwise filter reads one channel, in a window of 3 × 3.",
        ),
    ),
    Choice(
        id="fewer_bits-2",
        asks="The term is gone. What happens when the choices are made final?",
        choices={
            "same": Option(
                "Nothing: the answers were close before, so they stay close.",
                "They were close with weights between two integers. Making them final moves many "
                "of them by up to half a step.",
            ),
            "lost": Option(
                "Much is lost again: many weights stood between up and down.",
                "Without the term nothing pushes a choice to a side, and the sums that had fitted "
                "fit no longer.",
            ),
            "better": Option(
                "It gets better: without the term only the error of the answers counts.",
                "That error is measured with weights between two integers. The file can hold "
                "integers only.",
            ),
        },
        solve=_undecided,
        hints=(
            "Where is `up` allowed to end without the term?",
            "Print the error before and after `choice.detach() > 0`.",
        ),
    ),
    Tensor(
        id="fewer_bits-3",
        asks="bits of a, b and c",
        solve=_bits,
        hints=(
            "A step from 8 to 4 bits saves half a byte for each weight. How much harm does it do "
            "for each byte that it saves?",
            "Take the step of b first: 0.5 for 5,000 bytes. Is the budget met?",
        ),
    ),
    Choice(
        id="fewer_bits-4",
        asks="2.5 MB, a hundred pictures without labels, no training. What do you ship?",
        choices={
            "learned": Option(
                "4 bits everywhere, with learned rounding.",
                "It is the closest to float32 that fits, four points behind. With mixed bits as "
                "well it may come closer; that is yours to try.",
            ),
            "mixed": Option(
                "3, 4 or 8 bits, rounded to the nearest.",
                "It fits, needs hardly any pictures, and is twice as far behind as learned "
                "rounding. A good second.",
            ),
            "nearest": Option(
                "4 bits everywhere, rounded to the nearest.",
                "It fits, and reads 7 % of the photographs.",
            ),
            "shared": Option(
                "32 shared values a layer, as on LeNet-5.",
                "LeNet-5 has more to spare. Here hardly a photograph is right with as many.",
            ),
        },
        solve=_what_to_ship,
        hints=(
            "Which rows of the tables take less than 2.5 MB?",
            "Of these, which is the least behind float32?",
        ),
    ),
)
