"""The exercises of *The scoreboard*."""

from typing import Any

from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Marks, Number


def _front(noise: float) -> int:
    """How many rows are on the front if a gain must be larger than this."""
    from labcode import studies

    table = studies.table("scoreboard")
    rows = table.sort_values(["bytes_on_disk", "test_accuracy"], ascending=[True, False])
    best, found = -1.0, 0
    for accuracy in rows["test_accuracy"]:
        if accuracy > best + noise:
            best, found = accuracy, found + 1
    return found


def _exact_front() -> Marks:
    from labcode import studies

    return Marks(
        _front(0.0),
        {
            _front(0.005): "That is the calculator's front: it asks for more than half a point. "
            "Here each tenth counts.",
            len(studies.table("scoreboard")): "Those are all rows. Most are beaten by one that is "
            "smaller and better.",
            1: "The smallest row is on it, and each row that is better than all smaller ones.",
        },
    )


def _row(network: str, technique: str) -> Any:
    from labcode import studies

    table = studies.table("scoreboard")
    return table[(table["network"] == network) & (table["technique"] == technique)].iloc[0]


def _fastest_that_fits() -> str:
    rows = {
        "small": _row("small_cnn", "int8"),
        "student": _row("student", "labels_augmented"),
        "packed": _row("lenet5", "deep_compression_final"),
        "half": _row("lenet5", "half_filters"),
    }
    least = _row("lenet5", "uncompressed")["test_accuracy"] - 0.005
    fits = {
        name: row
        for name, row in rows.items()
        if row["bytes_on_disk"] <= 100_000 and row["test_accuracy"] >= least
    }
    return max(fits, key=lambda name: float(fits[name]["times_faster"]))


def _larger_for_a_tenth() -> str:
    """Whether the gain of the next larger row on the exact front is below the seeds' spread."""
    small, large = _row("lenet5", "taught_packed"), _row("small_cnn", "int8")
    gain = float(large["test_accuracy"] - small["test_accuracy"])
    return "small" if gain < max(small["spread"], large["spread"]) else "large"


EXERCISES: tuple[Exercise, ...] = (
    Number(
        id="scoreboard-1",
        asks="rows on the front if each tenth of a point counts",
        unit="rows",
        solve=_exact_front,
        hints=(
            "Sort by bytes, and go from small to large.",
            "A row is on the front if it is better than every row before it.",
        ),
    ),
    Choice(
        id="scoreboard-2",
        asks="100 kB, at most half a point lost: which is the fastest that fits?",
        choices={
            "small": Option(
                "The small CNN in int8.",
                "30 kB, no accuracy lost, and somewhat faster than LeNet-5.",
            ),
            "student": Option(
                "The student, trained on shifted digits: more than five times as fast.",
                "It is fast and small, but it loses two points.",
            ),
            "packed": Option(
                "LeNet-5 by Deep Compression: two hundred times smaller.",
                "It fits both limits. But it is unpacked before it runs, and no faster than the "
                "whole network.",
            ),
            "half": Option(
                "LeNet-5 with half of its filters: one and a half times as fast.",
                "Its file has 438 kB. Only coded in fewer bits does it fit.",
            ),
        },
        solve=_fastest_that_fits,
        hints=(
            "First what you must have: cross out what is larger than 100,000 bytes or loses more.",
            "Then sort what is left by `times_faster`.",
        ),
    ),
    Choice(
        id="scoreboard-3",
        asks="8.5 kB with 98.57 %, or 30 kB with 98.77 %. Download is dear. Which do you ship?",
        choices={
            "small": Option(
                "The smaller: two digits of 1,000 are less than what seeds do.",
                "The spread over seeds is larger than the gain, so the second may be no better.",
            ),
            "large": Option(
                "The larger: it is on the front, so it is better.",
                "On a front for exact numbers, yes. Ours are means of three seeds. Compare the "
                "gain with the spread.",
            ),
            "neither": Option(
                "Neither: first I train ten more seeds of both.",
                "That would tell more about the gain. But even if it is real, it is two digits of "
                "1,000 for more than three times the download.",
            ),
        },
        solve=_larger_for_a_tenth,
        hints=(
            "How many of 1,000 digits are 0.2 points?",
            "How large is the spread of both rows over their seeds?",
        ),
    ),
)
