"""The exercises of *The workbench*."""

from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Marks, Number

THRESHOLD, VALUE_BITS, PLACE_BITS = 0.08, 4, 5
STARTS, FILES = 497, {"large": (16_390, 492), "small": (9_100, 489)}
LOST = 5  # digits of 500: one point


def _bytes() -> Marks:
    from labcode.pruning import Masks
    from labcode.weights import baselines

    masks = Masks.from_thresholds(baselines.load("lenet5"), THRESHOLD)
    kept, bits = masks.total_kept, VALUE_BITS + PLACE_BITS
    return Marks(
        kept * bits / 8,
        {
            kept * bits: "Those are bits. A byte has eight.",
            kept * VALUE_BITS / 8: "Those are the values alone. Each weight needs its place, too.",
            masks.total_size * VALUE_BITS / 8: "That is for all weights, as if none had gone.",
        },
        within=0.001,
    )


def _band() -> Marks:
    from labcode.training import proportion

    found = proportion(490, 500)
    low, high = 100 * (found.value - found.low), 100 * (found.high - found.value)
    return Marks(
        low,
        {
            high: "That is how far it reaches upwards. Near 100 % there is less room above.",
            low + high: "That is the whole band, from its lower to its upper end.",
            100 * found.low: "That is where the band begins. Asked is how far below 98 % that is.",
        },
        within=0.05,
    )


def _file() -> str:
    return min(
        (name for name, (_, right) in FILES.items() if STARTS - right <= LOST),
        key=lambda name: FILES[name][0],
    )


EXERCISES: tuple[Exercise, ...] = (
    Number(
        id="workbench-1",
        asks="bytes of the weights that are left",
        unit="bytes",
        solve=_bytes,
        hints=(
            "The cell above prints how many weights are left.",
            "Each takes 4 + 5 bits, and a byte has 8.",
        ),
    ),
    Number(
        id="workbench-2",
        asks="how far the band reaches below 98 %, in points",
        unit="points",
        solve=_band,
        hints=(
            "`labcode.training.proportion(490, 500)` gives the share with its interval.",
            "Take the lower end from 98 %.",
        ),
    ),
    Choice(
        id="workbench-3",
        asks="Which file do you ship?",
        choices={
            "large": Option(
                f"The file of {FILES['large'][0]:,} bytes with {FILES['large'][1]} digits right.",
                "It loses five digits of 500, one point: that was the condition. Only what meets "
                "the condition may compete by its bytes.",
            ),
            "small": Option(
                f"The file of {FILES['small'][0]:,} bytes with {FILES['small'][1]} digits right, "
                "since it is not much more than half as large.",
                "It loses eight digits of 500, which is more than the one point that was allowed.",
            ),
            "neither": Option(
                "Neither: with 500 digits nothing can be said.",
                "The bands do overlap. But a rule that was set before must be followed, and one of "
                "the two files keeps to it.",
            ),
        },
        solve=_file,
        hints=(
            "How many of 500 digits are one point?",
            "Look first at the condition, then at the bytes.",
        ),
    ),
)
