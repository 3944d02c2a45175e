"""The exercises of *Pruning weights*."""

from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Marks, Number


def _better_scope() -> str:
    from labcode import data, pruning
    from labcode.training import evaluate
    from labcode.weights import baselines

    digits, right = data.load("mnist5k").test, {}
    for scope in ("global", "local"):
        network = baselines.load("lenet5", seed=0)
        pruning.select(network, pruning.magnitude(network), 0.2, scope=scope).apply(network)
        right[scope] = evaluate(network, digits).accuracy
    return max(right, key=lambda scope: right[scope])


def _kept_in_two_steps() -> Marks:
    from labcode import pruning
    from labcode.weights import baselines

    network = baselines.load("lenet_300_100", seed=0)
    scores = pruning.magnitude(network)
    first = pruning.select(network, scores, 0.3)
    twice = pruning.select(network, scores, 0.1, within=first).total_kept
    whole = sum(score.numel() for score in scores.values())
    once = pruning.select(network, scores, 0.1).total_kept
    assert once == twice, "the order of the weights changed without training"
    return Marks(
        0,
        {
            round(0.03 * whole): "You took 10 % of what was left. The 10 % are of all weights, in "
            "both ways, so both keep as many.",
            twice: "That is how many weights both ways keep. Asked is in how many places the two "
            "masks differ.",
            round(0.2 * whole): "That is how many weights the second step takes away after the "
            "first. Are they other ones than those that one step takes?",
        },
    )


def _cubic() -> Marks:
    from labcode import pruning

    kept = pruning.gradual(0.02)(1 / 8)
    return Marks(
        kept,
        {
            0.02 + 0.98 * (7 / 8) ** 3: "You cubed 7/8. The schedule ends after half of the run, "
            "so an eighth of the run is a quarter of its way.",
            0.02 + 0.98 * 0.75: "You went down a straight line. The share that is still to be "
            "removed falls with the cube of what is ahead.",
            0.75**3: "The cube is right. But the schedule goes from 1 to 0.02, not to 0.",
            1 - kept: "That is the share that is gone by then. Asked is what is kept.",
            0.02 + 0.98 * 0.25**3: "You cubed the part of the way that is behind. It is what is "
            "ahead that counts.",
        },
    )


EXERCISES: tuple[Exercise, ...] = (
    Choice(
        id="pruning-1",
        asks="Without training afterwards, which way of choosing would you ship, and why?",
        choices={
            "global": Option(
                "One threshold for all layers: the large linear layer has most to spare.",
                "It takes most from `fc1`, where weights are plenty, and leaves the small first "
                "convolution four fifths of its own.",
            ),
            "local": Option(
                "A threshold for each layer: it is fair that each loses as much.",
                "Fair to layers is not good for the network. `conv1` has 500 weights, and all "
                "that follows reads what it makes. Count the right digits after both.",
            ),
            "same": Option(
                "Either: both remove 80 % of the weights, so both lose as much accuracy.",
                "They remove as many weights, but not the same ones. Count the right digits "
                "after both: the two are far apart.",
            ),
        },
        solve=_better_scope,
        hints=(
            "Which layer of LeNet-5 is small, and is read by everything that follows?",
            'Prune one copy with `pruning.select(..., scope="global")` and one with '
            '`scope="local"`, and ask `evaluate` how many test digits each still reads.',
        ),
    ),
    Number(
        id="pruning-2",
        asks="weights on which the two masks differ",
        unit="weights",
        solve=_kept_in_two_steps,
        hints=(
            "Magnitudes change only when the network is trained.",
            "The 10 % largest of all weights: can one of them be missing among the 30 % largest?",
        ),
    ),
    Number(
        id="pruning-3",
        asks="share of the weights that is kept, between 0 and 1",
        solve=_cubic,
        hints=(
            "The schedule ends after half of the run. How far on its way is it after an eighth?",
            "With a part p of the way behind, it keeps 0.02 + 0.98 · (1 − p)³.",
        ),
    ),
)
