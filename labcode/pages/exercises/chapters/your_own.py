"""The exercises of *Bring your own network*."""

from typing import Any

from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Marks, Number

_PICTURES = 24  # that the page brings; the first half calibrates, the second judges


def _step() -> Marks:
    judging = _PICTURES - _PICTURES // 2
    return Marks(
        100 / judging,
        {
            100 / _PICTURES: "Half of the pictures calibrate. Only the other half judges.",
            1.0: "That would need a hundred judging pictures.",
            100.0 * judging / _PICTURES: "That is the half that judges. Asked is what one picture "
            "of it moves.",
        },
    )


def _what_is_real() -> str:
    """What stays of a network's bytes and milliseconds when its trained weights become random."""
    import torch

    from labcode import data, runtime
    from labcode.models import lenet5
    from labcode.weights import baselines

    torch.manual_seed(0)
    pictures = data.load("mnist5k").train.images[:100]
    drawn = lenet5().eval()
    for parameter in drawn.parameters():  # biases too: zeros would be left out of a file
        torch.nn.init.normal_(parameter, std=0.05)
    bytes_of, runs = {}, {}
    for name, network in (("trained", baselines.load("lenet5", seed=0)), ("random", drawn)):
        whole = runtime.to_onnx(network, (1, 28, 28))
        small = runtime.to_int8(network, pictures)
        bytes_of[name] = len(whole), len(small), _packed_bytes(network)
        session = runtime.onnx_session(whole)
        runs[name] = runtime.ready_to_run(session, pictures[:1].numpy())
    same = [a == b for a, b in zip(bytes_of["trained"], bytes_of["random"], strict=True)]
    times = runtime.time_in_turn(runs, runs=50)
    if times["random"].fastest_ms > 1.5 * times["trained"].fastest_ms:
        return "agreement"
    return "shapes" if same == [True, True, False] else "nothing"


def _packed_bytes(network: Any) -> int:
    """Return the bytes of a packed file with 8 values a layer."""
    from labcode import coding, quantization

    quantization.share_weights(network, 3)  # in place: the other files are made before
    return len(coding.pack(network))


def _untouched() -> str:
    """The form that is made without pictures, by what its maker asks for."""
    from inspect import signature

    from labcode import pruning, quantization, runtime

    makers: dict[str, Any] = {
        "int8": runtime.to_int8,
        "cut": pruning.repair,
        "packed": quantization.share_weights,
    }
    blind = [name for name, make in makers.items() if "images" not in signature(make).parameters]
    return blind[0] if len(blind) == 1 else "int8"


EXERCISES: tuple[Exercise, ...] = (
    Number(
        id="your_own-1",
        asks="the smallest step of the column of same answers",
        unit="%",
        solve=_step,
        hints=(
            "How many of the 24 pictures judge?",
            "One picture more or less of those: how many per cent is that?",
        ),
    ),
    Choice(
        id="your_own-2",
        asks="The weights are random. Which numbers of the table do you still believe?",
        choices={
            "shapes": Option(
                "Bytes and milliseconds of the files that are not entropy-coded.",
                "They follow from the shapes: a random float32 takes 4 bytes, and its product as "
                "long, as that of a trained one. (Only biases that are still zero are left out.)",
            ),
            "agreement": Option(
                "All but the milliseconds: random weights take longer to multiply.",
                "A product takes as long whatever the numbers are. It is the agreement that means "
                "nothing: the whole network answers at random already.",
            ),
            "nothing": Option(
                "None: an untrained network says nothing about a trained one.",
                "Not about its answers. But length and speed of a file depend on shapes, and "
                "hardly on what the numbers are.",
            ),
        },
        solve=_what_is_real,
        hints=(
            "How many bytes does a float32 take, if it is random?",
            "What does the agreement compare, and with whose answers?",
        ),
    ),
    Choice(
        id="your_own-3",
        asks="Which line's file would be the same with four pictures as with four hundred?",
        choices={
            "int8": Option(
                "int8: rounding is done weight by weight.",
                "That of the weights, yes. But the ranges of the activations are read from the "
                "pictures.",
            ),
            "cut": Option(
                "The cut network: channels are chosen by their norms.",
                "The choice needs no picture, but the repair does: least squares fits each layer "
                "to what it saw on them.",
            ),
            "packed": Option(
                "The packed file: shared values come from the weights alone.",
                "So few pictures cannot hurt it. They do hurt the judgment of it.",
            ),
        },
        solve=_untouched,
        hints=(
            "Which of the three looks at activations while it is made?",
            "Ranges of activations and least squares need pictures. What does k-means on weights "
            "need?",
        ),
    ),
)
