"""The exercises of *The papers' tables, recomputed*."""

from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Marks, Number


def _statistics() -> Marks:
    from labcode import models
    from labcode.papers.conventions import running_statistics

    right = running_statistics(models.resnet50)
    return Marks(
        right,
        {
            right // 2: "Each channel has a mean and a variance.",
            2 * right: "The factor and the shift of a batch norm are trained; they are parameters. "
            "Asked are the mean and the variance.",
            right + 53: "Each of the 53 batch norms also counts its batches, but that number "
            "says nothing of a channel.",
        },
    )


def _left() -> Marks:
    codebook = 2**8 * 32 / (500 * 32)
    left = (0.785 - codebook) * 500 * 32 / (8 + 5)
    return Marks(
        round(left),
        {
            330: "That is 66 % of 500, as printed. It does not give 78.5 %: solve for the number "
            "of weights.",
            round(0.785 * 500 * 32 / (8 + 5)): "You forgot the codebook, which takes more than "
            "half of it all.",
            round((0.785 - codebook) * 500 * 32 / 8): "A weight that stays takes 8 bits and 5 more "
            "for its index.",
        },
    )


def _flops() -> str:
    import torch

    import labcode
    from labcode import models

    with torch.device("meta"):
        found = labcode.count(models.mobilenet_v1(), (3, 224, 224))
    return "same" if round(found.macs / 1e6) == 569 and found.flops == 2 * found.macs else "paper"


EXERCISES: tuple[Exercise, ...] = (
    Number(
        id="papers_tables-1",
        asks="running statistics of ResNet-50",
        unit="numbers",
        solve=_statistics,
        hints=(
            "A batch norm keeps two numbers for each channel that no optimizer touches.",
            "`running_statistics(models.resnet50)` counts them; `ways` shows the rows.",
        ),
    ),
    Number(
        id="papers_tables-2",
        asks="weights that must be left for 78.5 %",
        unit="weights",
        solve=_left,
        hints=(
            "Before: 500 weights of 32 bits. Which part of that is a codebook of 256 values?",
            "What is left of the 78.5 %, each weight fills with 8 + 5 bits.",
        ),
    ),
    Choice(
        id="papers_tables-3",
        asks="You compare many networks in one table. What do you write for MobileNet?",
        choices={
            "same": Option(
                "569 million multiply-adds, and in the head of the column what is counted.",
                "Both tools agree once the name is right: a multiply-add is two operations.",
            ),
            "paper": Option(
                "569 million FLOPs, as the paper prints it.",
                "Then a table with other papers' FLOPs compares singles with doubles: some count a "
                "multiply-add once, some twice.",
            ),
            "mean": Option(
                "Both numbers, as a range: the tools do not agree.",
                "They do agree. One counts multiply-adds, the other counts each of their two "
                "operations.",
            ),
        },
        solve=_flops,
        hints=(
            "Divide the two numbers by each other.",
            "How many operations are one multiplication and one addition?",
        ),
    ),
)
