"""The exercises of *When compression does not help*."""

from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Marks, Number


def _wrong_half() -> str:
    from labcode import studies

    zeros = studies.table("pruning_zeros")
    times = zeros["onnxruntime_median_ms"]
    shrank = zeros["gzip_bytes"].iloc[0] > 20 * zeros["gzip_bytes"].iloc[-1]
    return "faster" if shrank and times.max() / times.min() < 1.05 else "smaller"


def _whole() -> Marks:
    return Marks(
        1 / (0.7 + 0.3 / 4),
        {
            4.0: "That is the layer. The other 70 % of the time stay as they are.",
            1 / 0.7: "That would be so if the layer took no time at all any more.",
            0.7 + 0.3 * 4: "Times add up, and factors do not: what is left is 0.7 + 0.3 / 4 of the "
            "time.",
            0.7 + 0.3 / 4: "That is the time that is left. Asked is how many times faster.",
        },
    )


def _for_the_watch() -> str:
    from labcode import studies

    board = studies.table("scoreboard").query("network == 'lenet5'").set_index("technique")
    ways = {"packed": "deep_compression_final", "half": "half_filters", "binary": "binary"}
    faster = board["times_faster"]
    return max(ways, key=lambda name: float(faster[ways[name]]))


EXERCISES: tuple[Exercise, ...] = (
    Choice(
        id="when_not-1",
        asks="Which half of the colleague's sentence is wrong?",
        choices={
            "smaller": Option(
                "The file: a zero takes four bytes like any other number.",
                "Right for the file on the device. But the colleague's are the files after gzip, "
                "and those did shrink.",
            ),
            "faster": Option(
                "The speed: the times of all rows lie close together, in no order.",
                "And of the file one should say: smaller on the way. On the device it is unpacked "
                "to its old size.",
            ),
            "neither": Option(
                "Neither: with fewer weights there is less to store and to compute.",
                "Less to store after gzip, yes. But the runtime multiplies by zeros like by any "
                "other number.",
            ),
        },
        solve=_wrong_half,
        hints=(
            "Look for 996 and 39 kB in the table of zeros. Which column is it?",
            "Compare the milliseconds of the first and the last row.",
        ),
    ),
    Number(
        id="when_not-2",
        asks="times faster of the whole network",
        solve=_whole,
        hints=(
            "Take 100 ms for the whole. How many of them does the layer take, before and after?",
            "70 ms stay, and 30 ms become 7.5.",
        ),
    ),
    Choice(
        id="when_not-3",
        asks="The watch answers too slowly, and the file is small enough. What do you ship?",
        choices={
            "packed": Option(
                "Deep Compression: two hundred times smaller is the best of the three.",
                "In bytes, which are not short here. It is unpacked to the same floats, and takes "
                "as long.",
            ),
            "half": Option(
                "Half of the filters cut out.",
                "Fewer filters are smaller products for any runtime. It is the only one of the "
                "three that moves the clock.",
            ),
            "binary": Option(
                "Binary weights: one bit is the quickest to multiply.",
                "With a kernel for it. This runtime has none, so the bits become floats again.",
            ),
        },
        solve=_for_the_watch,
        hints=(
            "What is short: bytes to send, memory, or time?",
            "Look at the column of times in the table of few bits, and on the scoreboard.",
        ),
    ),
)
