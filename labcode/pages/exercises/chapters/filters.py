"""The exercises of *Removing filters*."""

from labcode import cost
from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Marks, Number


def _lost() -> Marks:
    from labcode import pruning
    from labcode.weights import baselines

    lenet = baselines.load("lenet5", seed=0)
    plan = pruning.chain_plan(lenet, {"conv2": range(40)}, (1, 28, 28))
    whole = sum(parameter.numel() for parameter in lenet.parameters())
    right = whole - pruning.plan_cost(lenet, plan, (1, 28, 28)).params
    own = 10 * cost.conv2d(20, 1, 5, 12, bias=True).params
    return Marks(
        right,
        {
            right - 10: "You forgot the biases of the ten filters.",
            own: "Those go from `conv2` itself. `fc1` reads their channels, and loses more.",
            right - own: "Those go from `fc1`. The filters themselves go too.",
            own + 10 * 500: "A channel gives 4 × 4 = 16 numbers to `fc1`, not one.",
        },
    )


def _what_to_halve() -> str:
    from labcode import pruning
    from labcode.weights import baselines

    lenet, left = baselines.load("lenet5", seed=0), {}
    for name, size in (("conv1", 20), ("conv2", 50), ("fc1", 500)):
        plan = pruning.chain_plan(lenet, {name: range(size // 2)}, (1, 28, 28))
        found = pruning.plan_cost(lenet, plan, (1, 28, 28))
        left[name] = (found.macs, found.params)
    fewest = {min(left, key=lambda name: left[name][what]) for what in (0, 1)}
    assert len(fewest) == 1, f"two layers win: {fewest}"
    return fewest.pop()


def _after_sigmoid() -> Marks:
    import torch

    return Marks(
        float(torch.sigmoid(torch.zeros(1))),
        {
            0: "That would be so after a ReLU or a tanh. Put 0 into 1 / (1 + e^(−x)).",
            1: "That is where the sigmoid goes for large inputs. Here the input is 0.",
            0.25: "That is the slope of the sigmoid at zero. Asked is its value.",
        },
    )


EXERCISES: tuple[Exercise, ...] = (
    Number(
        id="filters-1",
        asks="parameters that the network loses",
        unit="parameters",
        solve=_lost,
        hints=(
            "A filter has 20 · 5 · 5 weights and a bias. Who reads what it makes?",
            "Its channel gives 4 · 4 numbers to each of the 500 neurons of `fc1`.",
        ),
    ),
    Choice(
        id="filters-2",
        asks="You may halve one layer, and want fewer multiply-adds and fewer bytes. Which one?",
        choices={
            "conv1": Option(
                "`conv1`: what stands first feeds all others.",
                "It does the most to the multiply-adds after `conv2`, but it has only 520 "
                "parameters, and `conv2` behind it is small: 97 % of the bytes stay.",
            ),
            "conv2": Option(
                "`conv2`: half of its own work goes, and half of what `fc1` reads.",
                "It is the best in both: a bit more than half of the multiply-adds stay, and half "
                "of the parameters.",
            ),
            "fc1": Option(
                "`fc1`: it has 93 % of all parameters.",
                "For the bytes that is nearly as good as `conv2`. But each of its weights is used "
                "once an image, so 91 % of the multiply-adds stay.",
            ),
        },
        solve=_what_to_halve,
        hints=(
            "A cut makes two layers smaller: the one that is cut and the one that reads it.",
            "`pruning.chain_plan(lenet, {name: range(half)}, digits.input_shape)` and "
            "`pruning.plan_cost` tell both numbers for each layer.",
        ),
    ),
    Number(
        id="filters-3",
        asks="what a channel of zeros sends on after the sigmoid",
        solve=_after_sigmoid,
        hints=(
            "A filter whose weights are all zero makes a channel of zeros. Then comes the "
            "activation.",
            "The sigmoid is 1 / (1 + e^(−x)).",
        ),
    ),
)
