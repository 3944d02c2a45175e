"""Soft labels: asked for once, stored, refused for other images; ensembles; live teachers."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from labcode.data import RandomAffine, Split, load
from labcode.distillation import (
    LiveTeacher,
    SoftLabels,
    combined_logits,
    distillation_loss,
    logits_of,
)
from labcode.training import Batch, fit
from tests.examples import examples


def net(seed=0, hidden=16):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, hidden), nn.Dropout(0.5), nn.ReLU(), nn.Linear(hidden, 10)
    )


@pytest.fixture(scope="module")
def train():
    return load("digits", n_train=200).train


@pytest.fixture(scope="module")
def teacher(train):
    model = net(hidden=64)
    fit(model, train, epochs=15, lr=1e-2, progress=False)
    return model


def test_the_teacher_is_asked_once_in_evaluation_mode(train, teacher):
    teacher.train()
    calls = []
    hook = teacher.register_forward_hook(lambda *_: calls.append(teacher.training))
    soft = SoftLabels.from_teacher(teacher, train)
    for _ in range(3):
        soft.loss()(nn.Identity(), Batch(soft.logits[:5], train.labels[:5], torch.arange(5)))
    hook.remove()
    assert calls == [False]  # 200 images are one batch; dropout was off
    assert teacher.training  # and the mode is back
    with torch.no_grad():
        expected = teacher.eval()(train.images)
    torch.testing.assert_close(soft.logits, expected)
    assert len(soft) == 200
    assert not soft.logits.requires_grad


@given(st.integers(0, 10**6))
@settings(max_examples=examples(25))
def test_each_image_gets_its_own_soft_label(seed):
    generator = torch.Generator().manual_seed(seed)
    logits, student = (4 * torch.randn(20, 10, generator=generator) for _ in range(2))
    labels = torch.randint(10, (20,), generator=generator)
    picked = torch.randperm(20, generator=generator)[:7]
    loss_fn = SoftLabels(logits, labels=labels).loss(temperature=3.0, soft_weight=0.4)
    expected = distillation_loss(
        student[picked], logits[picked], labels[picked], temperature=3.0, soft_weight=0.4
    )
    batch = Batch(student[picked], labels[picked], picked)
    logits, loss = loss_fn(nn.Identity(), batch)  # the images stand for their logits
    assert torch.equal(logits, student[picked])
    torch.testing.assert_close(loss, expected)


def test_stored_soft_labels_train_like_a_teacher_that_is_asked_each_time(train, teacher):
    """The oracle keeps no soft labels: it runs the teacher on the images of every step."""
    first = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    second = copy.deepcopy(first)

    def asked(model, batch):
        with torch.no_grad():
            taught = teacher.eval()(train.images[batch.places])
        logits = model(batch.images)
        return logits, distillation_loss(
            logits, taught, batch.labels, temperature=2.0, soft_weight=0.5
        )

    soft = SoftLabels.from_teacher(teacher, train).loss(temperature=2.0, soft_weight=0.5)
    for model, loss_fn in ((first, soft), (second, asked)):
        fit(model, train, epochs=3, lr=1e-2, loss_fn=loss_fn, progress=False)
    torch.testing.assert_close(first[1].weight, second[1].weight, rtol=1e-4, atol=1e-5)


def test_a_student_comes_nearer_to_its_teacher_than_one_that_learns_from_labels(train, teacher):
    soft = SoftLabels.from_teacher(teacher, train)
    far = {}
    for name, loss_fn in (("labels", None), ("teacher", soft.loss(soft_weight=1.0))):
        torch.manual_seed(1)
        model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
        fit(model, train, epochs=20, lr=1e-2, loss_fn=loss_fn, progress=False)
        mine = logits_of(model, train.images)
        far[name] = float(distillation_loss(mine, soft.logits, soft_weight=1.0))
    assert far["teacher"] < 0.8 * far["labels"]


def test_what_is_stored_comes_back(train, teacher, tmp_path):
    soft = SoftLabels.from_teacher(teacher, train, name="large")
    size = soft.save(tmp_path / "soft.safetensors")
    assert size == (tmp_path / "soft.safetensors").stat().st_size
    assert 200 * 10 * 2 < size < 200 * 10 * 2 + 200 * 8 + 500  # float16, labels, a header
    back = SoftLabels.load(tmp_path / "soft.safetensors", train)
    assert torch.equal(back.logits, soft.logits.half().float())
    assert torch.equal(back.labels, train.labels)
    assert (back.name, back.fingerprint) == ("large", soft.fingerprint)
    assert repr(back) == "SoftLabels('large', logits (200, 10))"


def test_a_file_is_refused_for_other_images(train, teacher, tmp_path):
    path = tmp_path / "soft.safetensors"
    SoftLabels.from_teacher(teacher, train, name="large").save(path)
    order = torch.randperm(200, generator=torch.Generator().manual_seed(0))
    changed = train.images.clone()
    changed[17, 0, 3, 3] += 0.1
    others = [
        Split(train.images[order], train.labels[order], "shuffled"),
        Split(changed, train.labels, "one pixel changed"),
        Split(train.images[:100], train.labels[:100], "half"),
    ]
    for other in others:
        with pytest.raises(ValueError, match=f"200 images that large was asked .*{other.name}"):
            SoftLabels.load(path, other)


def test_a_file_that_holds_something_else_is_refused(train, tmp_path):
    from safetensors.torch import save_file

    save_file({"weights": torch.zeros(2)}, tmp_path / "other.safetensors")
    (tmp_path / "garbage").write_bytes(b"not a safetensors file")
    for name in ("other.safetensors", "garbage"):
        with pytest.raises(ValueError, match=f"{name} does not hold soft labels"):
            SoftLabels.load(tmp_path / name, train)
    large = torch.linspace(-3, 3, 20).reshape(2, 10)
    large[1, 4] = 1e5  # float16 ends at 65,504
    with pytest.raises(ValueError, match="logits in float16 hold 1 of 20 values that are NaN or"):
        SoftLabels(large).save(tmp_path / "large")


def test_training_on_another_split_is_refused(train, teacher):
    soft = SoftLabels.from_teacher(teacher, train, name="large")
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    order = torch.randperm(200, generator=torch.Generator().manual_seed(0))
    mixed = Split(train.images[order], train.labels[order])
    with pytest.raises(ValueError, match=r"is not the one that large was asked about: its label"):
        fit(model, mixed, epochs=1, loss_fn=soft.loss(), progress=False)
    twice = Split(train.images.repeat(2, 1, 1, 1), train.labels.repeat(2))
    with pytest.raises(ValueError, match=r"indices must be below 200, .* large was asked about"):
        fit(model, twice, epochs=1, loss_fn=soft.loss(), progress=False)
    with pytest.raises(ValueError, match=r"labels must have the shape \(200,\), got \(199,\)"):
        replace(soft, labels=train.labels[1:])


def test_logits_are_copied_so_that_a_later_change_does_not_reach_them():
    logits = torch.tensor([[1.0, -1.0]])
    soft = SoftLabels(logits)
    logits.zero_()
    assert soft.logits.tolist() == [[1.0, -1.0]]


@given(st.integers(0, 10**6), st.integers(1, 5), st.floats(0.5, 10))
@settings(max_examples=examples(40))
def test_ensembles_take_the_geometric_or_the_plain_mean(seed, count, temperature):
    generator = torch.Generator().manual_seed(seed)
    members = [3 * torch.randn(4, 6, generator=generator).double() for _ in range(count)]
    shares = [np.exp(m.numpy() / temperature) for m in members]
    shares = np.stack([s / s.sum(axis=1, keepdims=True) for s in shares])
    plain = shares.mean(axis=0)
    geometric = np.prod(shares, axis=0) ** (1 / count)
    geometric /= geometric.sum(axis=1, keepdims=True)
    for combine, expected in (("probabilities", plain), ("logits", geometric)):
        both = combined_logits(members, combine=combine, temperature=temperature)
        found = (both / temperature).softmax(dim=1)
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6)


def test_an_ensemble_of_one_is_its_member_and_errors_are_named(train, teacher):
    alone = SoftLabels.from_ensemble([teacher], train)
    assert torch.equal(alone.logits, SoftLabels.from_teacher(teacher, train).logits)
    two = SoftLabels.from_ensemble([teacher, net(5)], train)
    expected = (logits_of(teacher, train.images) + logits_of(net(5), train.images)) / 2
    torch.testing.assert_close(two.logits, expected)
    with pytest.raises(ValueError, match=r"one shape \(N, classes\), got \[\]"):
        combined_logits([])
    with pytest.raises(ValueError, match=r"got \[\(2, 3\), \(2, 4\)\]"):
        combined_logits([torch.randn(2, 3), torch.randn(2, 4)])
    with pytest.raises(ValueError, match="combine must be 'logits' or 'probabilities', got 'max'"):
        combined_logits([torch.randn(2, 3)], combine="max")


def test_a_live_teacher_answers_about_the_images_that_the_student_sees(train, teacher):
    """One step of plain gradient descent by hand, on the changed images."""
    change = RandomAffine(max_shift=1.0)
    few = Split(train.images[:6], train.labels[:6])
    student = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    twin = copy.deepcopy(student)
    fit(
        student,
        few,
        epochs=1,
        batch_size=6,
        augment=change,
        seed=3,
        loss_fn=LiveTeacher(teacher).loss(temperature=2.0),
        optimizer=lambda params: torch.optim.SGD(params, lr=0.1),
        schedule="constant",
        device="cpu",
    )
    generator = torch.Generator().manual_seed(3)
    order = torch.randperm(6, generator=generator)
    changed = change(few.images[order], generator)
    assert not torch.equal(changed, few.images[order])
    with torch.no_grad():
        taught = teacher.eval()(changed)
    distillation_loss(twin(changed), taught, few.labels[order], temperature=2.0).backward()
    expected = twin[1].weight - 0.1 * twin[1].weight.grad
    torch.testing.assert_close(student[1].weight, expected)


def test_a_teacher_kept_as_probabilities_differs_in_the_last_digits_alone(teacher, train):
    student, labels = torch.randn(20, 10), train.labels[:20]
    taught = logits_of(teacher, train.images[:20])
    for weight in (0.3, 1.0):
        one, two = (
            distillation_loss(student, taught, labels, soft_weight=weight, log_target=kept)
            for kept in (True, False)
        )
        torch.testing.assert_close(one, two)
