"""Whether a cut network answers as the masked one does, and where it first does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from labcode._copied import copied
from labcode._refusals import odd_answer, why_it_stopped
from labcode._walk import shapes_of
from labcode.pruning.kinds import called
from labcode.pruning.plan import Part, whole_plan

Inputs = list[Tensor]


def check_same_answers(
    masked: nn.Module,
    smaller: nn.Module,
    plan: Mapping[str, Part],
    input_shape: Sequence[int],
    *,
    signed: bool = False,
) -> None:
    """Compare two networks on random images, in evaluation and in training mode.

    Args:
        masked: The network of the old size in which what the plan drops is zero.
        smaller: The network of the new size.
        plan: What each layer keeps.
        input_shape: One image; for several inputs a list of shapes.
        signed: Whether the images' values are normally distributed instead of from 0 to 1.

    Raises:
        ValueError: The smaller network fails, or answers otherwise.
    """
    generator = torch.Generator().manual_seed(0)
    shapes = shapes_of(input_shape)
    draw = torch.randn if signed else torch.rand
    images = [draw(2, *s, generator=generator, dtype=torch.float64) for s in shapes]
    try:
        expected, dtype = answer_of(masked, images, seed=0), torch.float64
    except Exception:  # such as a network that makes float32 tensors of its own
        images, dtype = [image.float() for image in images], torch.float32
        try:
            expected = answer_of(masked, images, seed=0)
        except Exception as error:
            raise ValueError(f"the network does not run on {shapes}: {_line(error)}") from error
    rtol, atol = (1e-6, 1e-9) if dtype == torch.float64 else (1e-3, 1e-4)
    _compare(masked, smaller, plan, images, expected, (rtol, atol), training=False)
    _check_training(masked, smaller, plan, images)


def reweighted(model: nn.Module, seed: int = 0) -> nn.Module:
    """Return a copy with random weights and statistics, in which hardly any channel is silent.

    A filter that never answers, or a norm whose scale is zero, hides a wrong cut until it is
    trained further.
    """
    other, generator = copied(model), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        statistics = [(n, b) for n, b in other.named_buffers() if ".running_" in f".{n}"]
        for name, tensor in (*other.named_parameters(), *statistics):
            if not tensor.is_floating_point() or not tensor.numel():
                continue
            if tensor.ndim > 1:
                values = torch.randn(tensor.shape, generator=generator)
                tensor.copy_(values * (len(tensor) / tensor.numel()) ** 0.5)
            elif name.endswith(("bias", "mean")):
                tensor.copy_(torch.randn(tensor.shape, generator=generator) * 0.1)
            else:
                tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
    return other


def _check_training(
    masked: nn.Module, smaller: nn.Module, plan: Mapping[str, Part], images: Inputs
) -> None:
    """Compare in training mode; where chance plays a part, the shapes alone."""
    try:
        expected = answer_of(masked, images, seed=0, training=True)
        other = answer_of(masked, images, seed=1, training=True)
    except Exception:  # such as a detector, which wants targets: nothing to compare with
        return
    chance = not _agree(expected, other, (0.0, 0.0))
    tolerance = (torch.inf, torch.inf) if chance else (1e-4, 1e-5)
    _compare(masked, smaller, plan, images, expected, tolerance, training=True)


def _compare(
    masked: nn.Module,
    smaller: nn.Module,
    plan: Mapping[str, Part],
    images: Inputs,
    expected: dict[str, Tensor],
    tolerance: tuple[float, float],
    *,
    training: bool,
) -> None:
    """Refuse a smaller network that fails or answers otherwise, in one of the modes."""
    mode = " in training mode" if training else ""
    begun: list[str] = []
    try:
        answers = answer_of(smaller, images, seed=0, training=training, begun=begun)
    except Exception as error:
        where = called(begun[-1]) if begun else "its beginning"
        raise ValueError(
            f"the layers do not fit together after the cut{mode}, first at {where}: {_line(error)}"
        ) from error
    for place, answer in expected.items():
        if place not in answers or answers[place].shape != answer.shape:
            got = tuple(answers[place].shape) if place in answers else "nothing"
            raise ValueError(
                f"the cut changes the answer's shape{place and ' at ' + place}{mode} from "
                f"{tuple(answer.shape)} to {got}: outputs of the last layer must stay, and "
                f"the plan takes some of {_narrowed(masked, plan)}"
            )
        if not _agree({place: answer}, {place: answers[place]}, tolerance):
            where = _first_apart(masked, smaller, plan, images, training)
            where = where or f"{place and ' at ' + place} after {_narrowed(masked, plan)}"
            raise ValueError(
                f"the cut network's answers differ from the masked network's{mode}{where}: its "
                "layers are not joined as the plan says, or an activation does not keep zero at "
                "zero"
            )


def answer_of(
    model: nn.Module,
    images: Inputs,
    *,
    seed: int,
    training: bool = False,
    begun: list[str] | None = None,
) -> dict[str, Tensor]:
    """Return the tensors of a copy's answer, by their places in it.

    Args:
        model: The network; left as it was.
        images: Its inputs, in the precision to compute in.
        seed: Of dropout and the like.
        training: The mode.
        begun: Gets the names of the layers without parts, as they begin.
    """
    twin = copied(model).cpu().to(images[0].dtype).train(training)
    if begun is not None:
        for name, layer in twin.named_modules():
            if not list(layer.children()):
                layer.register_forward_pre_hook(lambda *_, name=name: begun.append(name))
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        return leaves(twin(*(image.clone() for image in images)))


def leaves(answer: Any, place: str = "") -> dict[str, Tensor]:
    """Return the tensors in an answer, by their places in it.

    Raises:
        ValueError: It holds something that cannot be compared.

    >>> leaves((torch.zeros(2), {"aux": torch.zeros(3)})).keys()
    dict_keys(['[0]', "[1]['aux']"])
    """
    if isinstance(answer, Tensor):
        return {place: answer}
    if isinstance(answer, Mapping):
        parts = [(f"{place}[{key!r}]", value) for key, value in answer.items()]
    elif isinstance(answer, (tuple, list)):
        parts = [(f"{place}[{index}]", value) for index, value in enumerate(answer)]
    elif answer is None or isinstance(answer, (bool, int, float, str)):
        return {}
    else:
        raise ValueError(odd_answer(type(answer).__name__, place=place))
    return {name: leaf for key, value in parts for name, leaf in leaves(value, key).items()}


def _agree(
    first: dict[str, Tensor], second: dict[str, Tensor], tolerance: tuple[float, float]
) -> bool:
    """Tell whether all tensors are as good as equal; an infinite tolerance asks for no more."""
    rtol, atol = tolerance
    if atol == torch.inf:
        return True
    return first.keys() == second.keys() and all(
        torch.allclose(value.double(), second[place].double(), rtol, atol, equal_nan=True)
        for place, value in first.items()
    )


def _first_apart(
    masked: nn.Module, smaller: nn.Module, plan: Mapping[str, Part], images: Inputs, training: bool
) -> str:
    """Say which layer is the first whose kept outputs differ; nothing if all agree."""
    old, new = (_outputs(model, plan, images, training) for model in (masked, smaller))
    for (name, before), (_, after) in zip(old, new, strict=False):
        axis = before.ndim - 1 if isinstance(masked.get_submodule(name), nn.Linear) else 1
        kept = before.index_select(axis, torch.tensor(plan[name].outputs))
        if kept.shape != after.shape or not torch.allclose(kept, after, 1e-5, 1e-8):
            return f", first at {called(name)}"
    return ""


def _narrowed(masked: nn.Module, plan: Mapping[str, Part]) -> str:
    """Return the names of the layers that lose outputs; of many the last ones."""
    whole = whole_plan(masked)
    names = [called(name) for name, part in plan.items() if part.outputs != whole[name].outputs]
    return ", ".join([*["…"][: len(names) > 3], *names[-3:]]) or "no layer"


def _outputs(
    model: nn.Module, plan: Mapping[str, Part], images: Inputs, training: bool
) -> list[tuple[str, Tensor]]:
    """Return what each layer of the plan gives, in the order of running."""
    twin = copied(model).cpu().to(images[0].dtype).train(training)
    found: list[tuple[str, Tensor]] = []
    for name in plan:
        twin.get_submodule(name).register_forward_hook(
            lambda _m, _i, output, name=name: found.append((name, output.clone()))
        )
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        twin(*(image.clone() for image in images))
    return found


def _line(error: Exception) -> str:
    """Return the first line of an error."""
    return why_it_stopped(error)
