"""The exercises of *A digit that was never shown*."""

from typing import Any, Literal

from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.functions import Case, Function
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Field, Marks, Several


def _who_teaches() -> str:
    from labcode import data, distillation
    from labcode.distillation import soften
    from labcode.weights import baselines

    train = data.load("mnist5k").train
    shares = soften(distillation.logits_of(baselines.load("lenet5", seed=0), train.images), 8)
    given = {digit: float(shares[train.labels == digit, 3].mean()) for digit in (0, 1, 4, 5)}
    return str(max(given, key=lambda digit: given[digit]))


def _blind(logits: Any, digit: int, share: float) -> Any:
    others = logits.clone()
    others[:, digit] = float("-inf")
    return (others.max(dim=1).values - logits[:, digit]).quantile(share)


def _other_end(logits: Any, digit: int, share: float) -> Any:
    return _blind(logits, digit, 1 - share)


def _itself(logits: Any, digit: int, share: float) -> Any:
    return (logits.max(dim=1).values - logits[:, digit]).quantile(share)


def _reversed(logits: Any, digit: int, share: float) -> Any:
    return -_blind(logits, digit, share)


def _tables() -> tuple[Case, ...]:
    import torch

    make = torch.Generator().manual_seed(0)

    def case(named: str, n: int, digit: int, share: float, lift: float = 0.0) -> Case:
        logits = torch.randn(n, 10, generator=make)
        logits[:, digit] += lift
        return Case((logits, digit, share), named)

    return (
        case("a tenth of 101 images", 101, 7, 0.1),
        case("a half of 21 images", 21, 0, 0.5),
        case("a digit that is called too often", 41, 3, 0.1, 9.0),
    )


def _mean(combine: Literal["logits", "probabilities"]) -> float:
    import torch

    from labcode import distillation

    members = [torch.tensor([[9.0, -9.0]]), torch.tensor([[-1.0, 1.0]])]
    both = distillation.combined_logits(members, combine=combine)
    return float(both.softmax(dim=1)[0, 0])


def _of_logits() -> Marks:
    return Marks(
        _mean("logits"),
        {
            _mean("probabilities"): "That is the mean of the shares. Take the mean of the logits "
            "first, and the softmax then.",
            0.5: "One vote each would be a half. But a logit of 9 weighs more than one of −1.",
            4.0: "That is the mean of the first logits. The share is what the softmax makes of the "
            "two means.",
        },
        within=0.002,
    )


def _of_shares() -> Marks:
    return Marks(
        _mean("probabilities"),
        {
            _mean("logits"): "That is from the mean of the logits. Take the softmax of each "
            "member first, and the mean then.",
            0.5: "Nearly: the second member is not quite sure of its class, so the first is a bit "
            "ahead.",
            1 - _mean("probabilities"): "That is the share of the second class.",
        },
    )


def _teaches(digit: str, why: str) -> Option:
    return Option(f"From the {digit}.", why)


EXERCISES: tuple[Exercise, ...] = (
    Choice(
        id="unseen-1",
        asks="From the soft labels of which digits does the student hear most about threes?",
        choices={
            "0": _teaches("zeros", "A zero is round at both sides; the teacher sees little in it."),
            "1": _teaches("ones", "A stroke has next to nothing of a three."),
            "4": _teaches("fours", "A four has corners where a three has bows."),
            "5": _teaches("fives", "Its lower half is that of a three, and the teacher says so."),
        },
        solve=_who_teaches,
        hints=(
            "Which of them has parts in common with a three?",
            "`soften(logits, 8)[labels == d, 3].mean()` says what the teacher gives to 3 when it "
            "sees a d.",
        ),
    ),
    Function(
        id="unseen-2",
        asks="the bias with which a given share of the images is called this digit",
        cases=_tables,
        oracle=_blind,
        wrong=(
            (
                _other_end,
                "You took the other end: with that bias all but this share are called the digit.",
            ),
            (
                _itself,
                "The best of all ten logits may be the digit's own. Compare it with the best of "
                "the other nine, so that a negative bias is possible too.",
            ),
            (_reversed, "The sign is the other way round: the bias is added to the digit's logit."),
        ),
        hints=(
            "How much is the digit's logit behind the best of the other nine, image by image?",
            "An image is called the digit once the bias is larger than that. So it is a quantile.",
        ),
    ),
    Several(
        id="unseen-3",
        parts=(
            Field(asks="first class by the mean of logits", solve=_of_logits),
            Field(asks="first class by the mean of shares", solve=_of_shares),
        ),
        hints=(
            "The members' logits are (9, −9) and (−1, 1). Begin with the mean of each place.",
            "For two classes the share is 1 / (1 + e^(−d)), with d the difference of the logits.",
        ),
    ),
)
