"""The exercises of *Distillation*."""

from typing import Any

from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.functions import Case, Function
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Marks, Number


def _gradient(student: Any, teacher: Any) -> Any:
    from labcode import distillation

    guess = student.clone().requires_grad_()
    loss = distillation.soft_loss(guess, teacher, temperature=1e6)
    loss.backward()  # type: ignore[no-untyped-call]
    return guess.grad


def _centred(logits: Any) -> Any:
    return logits - logits.mean(dim=1, keepdim=True)


def _differences(*, classes: bool, images: bool, sign: int = 1, centre: bool = True) -> Any:
    """A function that returns the limit with some of its parts left out."""

    def limit(student: Any, teacher: Any) -> Any:
        z, v = (_centred(x) if centre else x for x in (student, teacher))
        by = (student.shape[1] if classes else 1) * (len(student) if images else 1)
        return sign * (z - v) / by

    return limit


def _pairs() -> tuple[Case, ...]:
    import torch

    make = torch.Generator().manual_seed(0)

    def case(named: str, n: int, classes: int) -> Case:
        pair = torch.randn(2, n, classes, generator=make, dtype=torch.float64) * 3 + 1
        pair[1] += 2
        return Case((pair[0], pair[1]), named)

    return case("one image", 1, 10), case("64 images", 64, 10), case("three classes", 5, 3)


def _target() -> Marks:
    import torch

    from labcode import distillation

    guess = torch.zeros(1, 10, requires_grad=True)
    nothing, label = torch.zeros(1, 10), torch.tensor([3])
    loss = distillation.distillation_loss(guess, nothing, label, temperature=1, soft_weight=0.2)
    loss.backward()  # type: ignore[no-untyped-call]
    assert guess.grad is not None
    target = 0.1 - guess.grad[0]  # the gradient in the logits is share less target
    return Marks(
        round(float(target[3]), 6),
        {
            0.8: "That is the label's part alone. The teacher that knows nothing gives the right "
            "digit a tenth of its 0.2 as well.",
            round(float(target[0]), 6): "That is what each wrong digit gets.",
            1.0: "That would be the label alone, without any part for the teacher.",
            0.2: "That is the part of the teacher, which goes to all ten digits alike.",
        },
        within=0.001,
    )


def _whose_doubts() -> str:
    import torch

    from labcode import data, distillation
    from labcode.weights import baselines

    digits = data.load("mnist5k").test
    images = digits.images[digits.labels == 7]
    keep = [digit for digit in range(10) if digit != 7]
    a, b = (
        distillation.logits_of(baselines.load("lenet5", seed=seed), images)[:, keep]
        for seed in (0, 1)
    )

    def correlation(x: Any, y: Any) -> float:
        return float(torch.corrcoef(torch.stack([x.flatten(), y.flatten()]))[0, 1])

    return "picture" if correlation(a, b) > correlation(a, b.roll(1, dims=0)) + 0.05 else "digit"


EXERCISES: tuple[Exercise, ...] = (
    Function(
        id="distillation-1",
        asks="the gradient of `soft_loss` at a very high temperature",
        cases=_pairs,
        oracle=_gradient,
        within=1e-3,
        wrong=(
            (
                _differences(classes=False, images=True),
                "Nearly: divide by the number of classes as well. A softmax of n nearly equal "
                "numbers gives each about 1/n.",
            ),
            (
                _differences(classes=True, images=False),
                "Right for one image. The loss is the mean over the images, so with several of "
                "them each gets a part of the gradient.",
            ),
            (
                _differences(classes=True, images=True, sign=-1),
                "The sign is the other way round: the gradient points from the teacher to the "
                "student, and the step goes against it.",
            ),
            (
                _differences(classes=True, images=True, centre=False),
                "You left the means in. A softmax does not see a number that is added to all "
                "logits, so it must fall out.",
            ),
        ),
        hints=(
            "For small x, e^x is about 1 + x. What is the softmax of z/T then, if T is very large?",
            "Take the mean off each image's logits, for the student and for the teacher. What is "
            "left is a difference, divided by two numbers.",
        ),
    ),
    Number(
        id="distillation-2",
        asks="what the right digit should get, between 0 and 1",
        solve=_target,
        hints=(
            "At T = 1 both losses are cross-entropies. Cross-entropies with two targets, weighted, "
            "are one with the weighted mean of the targets.",
            "Ten equal logits are ten shares of 0.1.",
        ),
    ),
    Choice(
        id="distillation-3",
        asks="Your teacher is lost. One of another seed is left. Do you distil from that one?",
        choices={
            "picture": Option(
                "Yes: doubts are about the picture too, and two teachers share them.",
                "Their logits for the same seven agree much better than those for two different "
                "sevens.",
            ),
            "own": Option(
                "No: each network has doubts of its own, so its soft labels are another lesson.",
                "Look at the correlation with the same image: two networks that never met agree to "
                "a large part.",
            ),
            "digit": Option(
                "It does not matter: a list of what sevens look like in general would do.",
                "A part of the doubts is general, as the control with another seven shows. But the "
                "agreement about the same seven is clearly better.",
            ),
        },
        solve=_whose_doubts,
        hints=(
            "Compare the logits of two networks for the same picture, without the one of the right "
            "digit.",
            "And as a control: of one network for a seven and of the other for another seven.",
        ),
    ),
)
