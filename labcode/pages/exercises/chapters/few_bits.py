"""The exercises of *Four bits, two, one*."""

from math import log2
from typing import Any

from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.functions import Case, Function
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Field, Marks, Several

_WEIGHTS = 430_500  # of LeNet-5, without biases


def _least() -> Marks:
    return Marks(
        log2(3),
        {
            2.0: "That is what we store. Two bits tell four values apart, one more than needed.",
            1.5: "Three values are more than 1.5 bits: 2 to the power of 1.5 is 2.83.",
            3.0: "Three values, not three bits. How many bits tell three things apart?",
        },
    )


def _in_a_byte() -> Marks:
    right = next(n for n in range(10) if 3 ** (n + 1) > 256)
    return Marks(
        right,
        {
            4: "That is with two bits each. Five ternary weights have 3⁵ = 243 combinations.",
            6: "Six have 3⁶ = 729 combinations, and a byte has 256.",
            8: "That is one bit each, enough for two values.",
        },
    )


def _kilobytes() -> Marks:
    right = _WEIGHTS / _in_a_byte().right / 1000
    return Marks(
        right,
        {
            _WEIGHTS * 2 / 8 / 1000: "That is with two bits each. Five fit into a byte.",
            _WEIGHTS * log2(3) / 8 / 1000: "That is the least that is possible. With five in a "
            "byte it is a little more.",
            _WEIGHTS * 4 / 1000: "Those are the float32 weights.",
        },
        within=0.002,
    )


def _stopped(weight: Any, gradient: Any, largest: float) -> Any:
    import torch

    from labcode import quantization

    hidden = weight.clone().requires_grad_()
    fake = quantization.FakeQuantizer(quantization.symmetric_params(largest, bits=3))
    (found,) = torch.autograd.grad((fake(hidden) * gradient).sum(), hidden)
    return found


def _unstopped(weight: Any, gradient: Any, largest: float) -> Any:
    return gradient


def _one_side(weight: Any, gradient: Any, largest: float) -> Any:
    return gradient * (weight <= largest)


def _clipped(weight: Any, gradient: Any, largest: float) -> Any:
    return gradient.clamp(-largest, largest)


def _outside(weight: Any, gradient: Any, largest: float) -> Any:
    return gradient * (weight.abs() > largest)


def _weights() -> tuple[Case, ...]:
    import torch

    row = torch.tensor([-9.0, -4.6, -1.2, 0.0, 0.6, 2.9, 3.2, 12.0])
    slopes = torch.tensor([1.0, -2.0, 5.0, -7.0, 4.0, -4.5, 2.0, -1.0])
    return (
        Case((row, slopes, 3.0), "weights on both sides"),
        Case((row / 10, slopes, 0.3), "a small range"),
        Case((torch.zeros(4), torch.ones(4), 1.0), "weights of zero"),
    )


def _worst_layer() -> str:
    from labcode import data, quantization
    from labcode.training import evaluate
    from labcode.weights import baselines

    digits, right = data.load("mnist5k").test, {}
    for name in ("conv1", "conv2", "fc1"):
        model = baselines.load("lenet5", seed=0)
        layer: Any = model.get_submodule(name)
        signs, scale = quantization.binary(layer.weight.detach())
        layer.weight.data = signs * scale.reshape(-1, *[1] * (signs.ndim - 1))
        right[name] = evaluate(model, digits).correct
    return min(right, key=lambda name: right[name])


EXERCISES: tuple[Exercise, ...] = (
    Several(
        id="few_bits-1",
        parts=(
            Field(asks="least size of one of three values", unit="bits", solve=_least),
            Field(asks="ternary weights in a byte", unit="weights", solve=_in_a_byte),
            Field(asks="LeNet-5's weights at that packing", unit="kB", solve=_kilobytes),
        ),
        hints=(
            "n bits tell 2ⁿ things apart. For which n is that 3?",
            "How many combinations have five weights of three values? A byte has 256.",
        ),
    ),
    Function(
        id="few_bits-2",
        asks="the gradient that reaches the hidden weights",
        cases=_weights,
        oracle=_stopped,
        wrong=(
            (
                _unstopped,
                "That passes everything on. Beyond the last mark the output does not change any "
                "more, and a hidden weight would run away.",
            ),
            (_one_side, "Right above the range. There is an end below it as well."),
            (
                _clipped,
                "You clipped the gradient. It is the weight that decides: inside the range its "
                "gradient passes whole, outside not at all.",
            ),
            (_outside, "The other way round: it is inside the range that gradients pass."),
        ),
        hints=(
            "Which weights are clipped to the last mark?",
            "Those get a gradient of zero, and all others get theirs unchanged.",
        ),
    ),
    Choice(
        id="few_bits-3",
        asks="You ship LeNet-5 with binary weights, and may leave one layer in 8 bits. Which?",
        choices={
            "conv1": Option(
                "`conv1`: it has 500 weights, and all others read what it makes.",
                "It bears one bit worst, and 8 bits for 500 weights cost next to nothing.",
            ),
            "conv2": Option(
                "`conv2`: it does most of the multiply-adds.",
                "Much work is not much sensitivity. Binary `conv2` alone reads nearly as many "
                "digits as the whole network.",
            ),
            "fc1": Option(
                "`fc1`: it has 93 % of the weights, so most is lost there.",
                "Most bytes would be lost there, by leaving it in 8 bits. Binary `fc1` alone reads "
                "nearly as many digits as the whole network.",
            ),
        },
        solve=_worst_layer,
        hints=(
            "In a sum of many products, what each is off by may cancel. Which layer has the "
            "shortest sums?",
            "Make one layer binary at a time with `quantization.binary`, and count the right "
            "digits.",
        ),
    ),
)
