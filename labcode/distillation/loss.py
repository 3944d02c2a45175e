"""The loss of distillation: soft labels at a temperature, and the plain labels beside them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from labcode._checks import check_number
from labcode.distillation.checks import check_logits, check_pair


def soften(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """Return the softmax of the logits divided by a temperature.

    Args:
        logits: Shape (N, classes).
        temperature: Above 0. 1 is the plain softmax; higher brings the probabilities together.

    Returns:
        Probabilities, shape (N, classes).

    Raises:
        ValueError: The temperature is not above 0.

    Source: Hinton, Vinyals and Dean, 2015 (arXiv:1503.02531), equation 1.

    >>> [round(float(soften(torch.tensor([[4.0, 0.0]]), t)[0, 0]), 3) for t in (1, 4, 100)]
    [0.982, 0.731, 0.51]
    """
    return (logits / check_temperature(temperature)).softmax(dim=1)


def check_temperature(temperature: float) -> float:
    """Return the temperature, a finite number above 0."""
    return check_number("temperature", temperature, above=0.0)


def soft_loss(
    student: Tensor, teacher: Tensor, temperature: float, *, log_target: bool = True
) -> Tensor:
    """Return how far the student's softened answer is from the teacher's, times T².

    It is T² · KL(teacher ‖ student), with both softened at T, in the mean over images. The
    gradient of the divergence shrinks as 1 / T², so T² keeps its size, and the balance with the
    plain labels, about the same at all temperatures. The teacher gets no gradient.

    It is never below 0, and logits in half precision are computed with in float32: their own
    rounding is larger than a small divergence. This is the bare formula: `distillation_loss`
    also checks what it is given.

    Args:
        student: Logits, shape (N, classes).
        teacher: Logits, shape (N, classes).
        temperature: Above 0.
        log_target: Whether the teacher's answer is kept as logarithms. False rounds its
            probabilities first: the same loss but for the last digits.

    Returns:
        The loss in nats, shape ().

    Source: Hinton, Vinyals and Dean, 2015 (arXiv:1503.02531), section 2.

    >>> logits = torch.tensor([[3.0, 1.0, -2.0]])
    >>> float(soft_loss(logits, logits + 5, temperature=4))
    0.0
    """
    student, teacher = _at_least_float32(student), _at_least_float32(teacher)
    softened = teacher.detach() / temperature
    target = softened.log_softmax(dim=1) if log_target else softened.softmax(dim=1)
    answer = (student / temperature).log_softmax(dim=1)
    distance = F.kl_div(answer, target, log_target=log_target, reduction="batchmean")
    return temperature**2 * _not_negative(distance)


def _at_least_float32(values: Tensor) -> Tensor:
    """Return half precision as float32, and all else as it is."""
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values


def _not_negative(distance: Tensor) -> Tensor:
    """Return 0 for what rounding took below it; the gradient stays."""
    below = distance.detach() < 0
    return torch.where(below, distance - distance.detach(), distance)


def distillation_loss(
    student: Tensor,
    teacher: Tensor,
    labels: Tensor | None = None,
    *,
    temperature: float = 4.0,
    soft_weight: float = 0.9,
    log_target: bool = True,
) -> Tensor:
    """Return the loss of a student that learns from a teacher and, beside it, from labels.

    It is soft_weight · `soft_loss` + (1 − soft_weight) · cross-entropy with the labels. The
    cross-entropy is taken at temperature 1.

    Args:
        student: Logits, shape (N, classes).
        teacher: Logits for the same images, shape (N, classes); no gradient flows into them.
        labels: Class numbers, shape (N,); only ``soft_weight=1`` can do without them.
        temperature: Above 0; of the soft part alone.
        soft_weight: From 0 (labels alone) to 1 (teacher alone).
        log_target: See `soft_loss`.

    Returns:
        The loss in nats, shape ().

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A number is out of range; the shapes or classes do not fit; a value is NaN;
            or the logits look as if an activation was on them (see `check_logits`).

    Source: Hinton, Vinyals and Dean, 2015 (arXiv:1503.02531), section 2.

    >>> student, teacher = torch.tensor([[1.0, -1.0]]), torch.tensor([[2.0, -2.0]])
    >>> loss = distillation_loss(student, teacher, torch.tensor([0]), soft_weight=0.5)
    >>> round(float(loss), 4)
    0.2742
    """
    check_logits("the student's logits", student)
    check_logits("the teacher's logits", teacher)
    check_pair(student, teacher)
    soft = soft_loss(student, teacher, check_temperature(temperature), log_target=log_target)
    weight = check_share("soft_weight", soft_weight)
    if weight == 1:
        return soft
    return weight * soft + (1 - weight) * F.cross_entropy(
        _at_least_float32(student), _labels(labels, student)
    )


def smoothed_loss(student: Tensor, labels: Tensor, smoothing: float = 0.1) -> Tensor:
    """Return the cross-entropy with smoothed labels: a teacher that knows nothing.

    A share of each label's certainty is spread evenly over all classes. The labels get soft, but
    say nothing about which classes are alike: the control for what only softness does.

    Args:
        student: Logits, shape (N, classes).
        labels: Class numbers, shape (N,).
        smoothing: The share that is spread, from 0 to below 1.

    Returns:
        The loss in nats, shape ().

    Source: Szegedy et al., 2016 (arXiv:1512.00567), section 7.

    >>> round(float(smoothed_loss(torch.zeros(1, 10), torch.tensor([3]))), 4)  # log 10
    2.3026
    """
    check_logits("the student's logits", student)
    share = check_share("smoothing", smoothing)
    student = _at_least_float32(student)
    return F.cross_entropy(student, _labels(labels, student), label_smoothing=share)


def check_share(name: str, value: float) -> float:
    """Return a number from 0 to 1.

    Raises:
        ValueError: It is outside.
    """
    if check_number(name, value, minimum=0.0) > 1:
        raise ValueError(f"{name} must be from 0 to 1, got {value!r}")
    return float(value)


def _labels(labels: Tensor | None, student: Tensor) -> Tensor:
    """Return labels that fit the logits."""
    if labels is None:
        raise ValueError("labels must be given unless soft_weight is 1, got None")
    if labels.shape != student.shape[:1] or labels.dtype != torch.int64:
        raise ValueError(
            f"labels must be int64 of shape ({len(student)},), "
            f"got {labels.dtype} of shape {tuple(labels.shape)}"
        )
    if int(labels.min()) < 0 or int(labels.max()) >= student.shape[1]:
        raise ValueError(
            f"labels must be from 0 to {student.shape[1] - 1}, "
            f"got {int(labels.min())} to {int(labels.max())}"
        )
    return labels
