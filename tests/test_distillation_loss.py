"""The losses of distillation, against formulas of their own, autograd and their limits."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from labcode.distillation import (
    check_logits,
    distillation_loss,
    smoothed_loss,
    soft_loss,
    soften,
)
from tests.examples import examples

seeds = st.integers(0, 10**6)
temperatures = st.floats(0.5, 30)


def pair(seed, images=5, classes=10, scale=4.0):
    """Return logits of a student and a teacher, float64, and labels."""
    generator = torch.Generator().manual_seed(seed)
    draw = [scale * torch.randn(images, classes, generator=generator).double() for _ in range(2)]
    return *draw, torch.randint(classes, (images,), generator=generator)


def by_hand(student, teacher, temperature):
    """Return T² · KL with NumPy, from the definition."""
    total = 0.0
    for z, v in zip(student.numpy() / temperature, teacher.numpy() / temperature, strict=True):
        q, p = np.exp(z) / np.exp(z).sum(), np.exp(v) / np.exp(v).sum()
        total += (p * np.log(p / q)).sum()
    return temperature**2 * total / len(student)


@given(seeds, temperatures, st.floats(0, 1))
@settings(max_examples=examples(60))
def test_the_loss_is_that_of_the_definition_and_of_kl_div(seed, temperature, weight):
    student, teacher, labels = pair(seed)
    found = soft_loss(student, teacher, temperature)
    assert float(found) == pytest.approx(by_hand(student, teacher, temperature), rel=1e-9, abs=1e-9)
    kl = F.kl_div(
        F.log_softmax(student / temperature, dim=1),
        F.softmax(teacher / temperature, dim=1),
        reduction="batchmean",
    )
    torch.testing.assert_close(found, temperature**2 * kl)
    rows = torch.arange(len(labels))
    hard = -(student[rows, labels] - student.exp().sum(dim=1).log()).mean()
    whole = distillation_loss(student, teacher, labels, temperature=temperature, soft_weight=weight)
    torch.testing.assert_close(whole, weight * temperature**2 * kl + (1 - weight) * hard)


@given(seeds, temperatures)
@settings(max_examples=examples(40))
def test_the_gradient_is_t_times_the_difference_of_the_soft_answers(seed, temperature):
    student, teacher, _ = pair(seed)
    student.requires_grad_()
    soft_loss(student, teacher, temperature).backward()
    answers = [np.exp(x.detach().numpy() / temperature) for x in (student, teacher)]
    q, p = (x / x.sum(axis=1, keepdims=True) for x in answers)
    expected = temperature * (q - p) / len(student)
    np.testing.assert_allclose(student.grad.numpy(), expected, rtol=1e-6, atol=1e-12)


def test_autograd_agrees_with_finite_differences():
    student, teacher, labels = pair(3, images=3, classes=4)
    student.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda z: distillation_loss(z, teacher, labels, temperature=3.0, soft_weight=0.7), student
    )
    assert torch.autograd.gradcheck(lambda z: smoothed_loss(z, labels, 0.2), student)


@pytest.mark.parametrize("seed", range(5))
def test_at_high_temperature_the_student_matches_logits(seed):
    """Hinton et al., section 2.1: the gradient tends to that of half the squared difference."""
    student, teacher, _ = pair(seed)
    student.requires_grad_()
    soft_loss(student, teacher, 1e4).backward()
    centred = [x - x.mean(dim=1, keepdim=True) for x in (student.detach(), teacher)]
    limit = (centred[0] - centred[1]) / student.shape[1] / len(student)
    torch.testing.assert_close(student.grad, limit, rtol=5e-3, atol=1e-5)
    value = ((centred[0] - centred[1]) ** 2).sum(dim=1).mean() / (2 * student.shape[1])
    torch.testing.assert_close(soft_loss(student, teacher, 1e4).detach(), value, rtol=5e-3, atol=0)


def test_t_squared_keeps_the_gradients_size():
    student, teacher, _ = pair(0)
    sizes = []
    for temperature in (50.0, 100.0):
        z = student.clone().requires_grad_()
        soft_loss(z, teacher, temperature).backward()
        sizes.append(float(z.grad.norm()))
    assert sizes[0] == pytest.approx(sizes[1], rel=0.05)  # without T², a factor of four


def test_no_gradient_reaches_the_teacher():
    student, teacher, labels = pair(1)
    student.requires_grad_()
    teacher.requires_grad_()
    distillation_loss(student, teacher, labels).backward()
    assert teacher.grad is None
    assert float(student.grad.abs().sum()) > 0


@given(seeds, temperatures)
@settings(max_examples=examples(30))
def test_the_loss_is_zero_at_the_teacher_and_nowhere_below(seed, temperature):
    student, teacher, _ = pair(seed)
    assert float(soft_loss(student, teacher, temperature)) >= 0
    same = (teacher + torch.arange(5.0)[:, None]).requires_grad_()  # only differences count
    loss = soft_loss(same, teacher, temperature)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(0, abs=1e-9)
    assert float(same.grad.abs().max()) < 1e-9


def test_the_weight_goes_from_labels_alone_to_the_teacher_alone():
    student, teacher, labels = pair(2)
    hard = distillation_loss(student, teacher, labels, soft_weight=0.0)
    torch.testing.assert_close(hard, F.cross_entropy(student, labels))
    alone = distillation_loss(student, teacher, temperature=3.0, soft_weight=1.0)
    torch.testing.assert_close(alone, soft_loss(student, teacher, 3.0))


@given(seeds, st.floats(0, 1))
@settings(max_examples=examples(30))
def test_smoothing_spreads_a_share_over_all_classes(seed, share):
    student, _, labels = pair(seed)
    target = (1 - share) * F.one_hot(labels, 10) + share / 10
    expected = -(target * student.log_softmax(dim=1)).sum(dim=1).mean()
    torch.testing.assert_close(smoothed_loss(student, labels, share), expected)


@given(seeds, st.floats(2, 10), st.floats(1.05, 3))  # cooler, a share rounds to one
@settings(max_examples=examples(60))
def test_temperature_brings_the_probabilities_together(seed, temperature, factor):
    logits = pair(seed)[1]
    cool, warm = soften(logits, temperature), soften(logits, temperature * factor)
    powers = np.exp(logits.numpy() / temperature)
    np.testing.assert_allclose(cool.numpy(), powers / powers.sum(axis=1, keepdims=True))
    assert bool((warm.max(dim=1).values < cool.max(dim=1).values).all())
    assert bool((warm.min(dim=1).values > cool.min(dim=1).values).all())
    assert torch.equal(warm.argsort(dim=1), cool.argsort(dim=1))  # the order of classes stays


@given(seeds)
@settings(max_examples=examples(60))
def test_an_activation_on_the_logits_is_found_and_logits_pass(seed):
    logits = pair(seed, images=8)[0].float()
    for good in (logits, logits.log_softmax(dim=1), torch.zeros(8, 10), logits[:1]):
        assert check_logits("logits", good) is good
    for spoil, trace in (
        (lambda x: x.softmax(dim=1), "like probabilities: 8 rows"),
        (torch.relu, "are exactly 0, as a ReLU leaves them"),
        (torch.sigmoid, "none is below 0, as after a sigmoid"),
        (F.softplus, "none is below 0"),
    ):
        with pytest.raises(ValueError, match=f"^the student's logits look .*{trace}"):
            distillation_loss(spoil(logits), logits, soft_weight=1.0)
        with pytest.raises(ValueError, match=r"^the teacher's logits look "):
            distillation_loss(logits, spoil(logits), soft_weight=1.0)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_value_that_is_no_number_is_named_with_its_place(bad):
    student, teacher, labels = pair(4)
    spoiled = teacher.clone()
    spoiled[2, 7] = spoiled[4, 1] = bad
    where = "hold 2 of 50 values that are NaN or infinite, the first at image 2, class 7"
    with pytest.raises(ValueError, match=f"the teacher's logits {where}"):
        distillation_loss(student, spoiled, labels)
    with pytest.raises(ValueError, match=f"the student's logits {where}"):
        distillation_loss(spoiled, teacher, labels)


def test_wrong_shapes_types_and_numbers_are_named():
    student, teacher, labels = pair(5)
    cases = [
        (lambda: distillation_loss(student[0], teacher, labels), r"\(N, classes\).* got \(10,\)"),
        (lambda: distillation_loss(student, teacher[:, :9], labels), "got 10 and 9 classes"),
        (lambda: distillation_loss(student, teacher[:4], labels), "got 5 and 4 rows"),
        (lambda: distillation_loss(student, teacher), "labels must be given .*, got None"),
        (lambda: distillation_loss(student, teacher, labels[:4]), r"shape \(5,\), got .*\(4,\)"),
        (lambda: distillation_loss(student, teacher, labels + 9), "labels must be from 0 to 9"),
        (lambda: distillation_loss(student, teacher, labels.float()), "int64.* got torch.float32"),
        (lambda: distillation_loss(student, teacher, labels, temperature=0.0), "temperature .*0.0"),
        (lambda: distillation_loss(student, teacher, labels, soft_weight=1.1), "soft_weight.*1.1"),
        (lambda: distillation_loss(student, teacher, labels, soft_weight=-0.1), "soft_weight.*-0"),
        (lambda: smoothed_loss(student, labels, 1.5), "smoothing must be from 0 to 1, got 1.5"),
        (lambda: soften(student, -1.0), "temperature must be .* got -1.0"),
    ]
    for call, message in cases:
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(TypeError, match=r"must be a floating-point tensor, got torch\.int64"):
        distillation_loss(student.long(), teacher, labels)
    with pytest.raises(TypeError, match="must be a floating-point tensor, got list"):
        distillation_loss(student, [[1.0]], labels)
