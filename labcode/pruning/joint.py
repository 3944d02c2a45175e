"""Plans from scores: channels that a sum or a concatenation joins are chosen together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from labcode._checks import check_number
from labcode._walk import shapes_of
from labcode.pruning.agreement import answer_of
from labcode.pruning.graph import plan_from, refuse_groups
from labcode.pruning.joints import Joints
from labcode.pruning.plan import Plan
from labcode.pruning.surgery import resized

Channel = tuple[str, int]
"""An output of a layer: the layer's name and the output's number."""

Channels = list[list[Channel]]
"""Channels that go one after the other; those of an inner list go together."""


def joint_plan(
    model: nn.Module, scores: Mapping[str, Tensor], kept: float, input_shape: Sequence[int]
) -> Plan:
    """Plan a cut in which each set of joined layers keeps the same part of its channels.

    A residual sum adds channel 3 of one layer to channel 3 of others: they go or stay together.
    Chosen layer by layer, nearly every channel of a ResNet's sum would be dropped by one layer or
    another. Here the scores of such channels are added first, and the best sums stay. The
    channels of each set of layers compete among themselves.

    Args:
        model: The network.
        scores: Name of a layer to a score for each of its outputs, such as `unit_norms` returns.
            Layers without scores lose only what they are joined to.
        kept: Part of the channels of each set that stays, above 0 to 1; the number is rounded up.
        input_shape: One image, (channels, height, width); for several inputs a list of shapes.

    Returns:
        What each layer keeps. Layers whose outputs are the answer stay whole.

    Raises:
        KeyError: There is no such layer.
        ValueError: ``kept`` is out of range, a layer cannot be cut or does not run, or scores do
            not fit their layer or hold NaN. A sentence names the layer.

    Source: Li et al., "Pruning filters for efficient ConvNets" (arXiv:1608.08710), section 3.3,
        where the shortcut alone decides; Fang et al. (arXiv:2301.12900) add up the group.

    >>> from labcode.pruning import cut, unit_norms
    >>> model = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(24, 2))
    >>> plan = joint_plan(model, unit_norms(model), 0.5, (1, 4, 4))
    >>> cut(model, plan, (1, 4, 4))[0]
    Conv2d(1, 3, kernel_size=(3, 3), stride=(1, 1))
    """
    return explained_plan(model, scores, kept, input_shape)[0]


def explained_plan(
    model: nn.Module, scores: Mapping[str, Tensor], kept: float, input_shape: Sequence[int]
) -> tuple[Plan, dict[str, str]]:
    """Return the plan of `joint_plan`, and why each layer that keeps all of its outputs does so.

    Args:
        model: See `joint_plan`, like the others.
        scores: By layer.
        kept: Part of the channels.
        input_shape: One image.

    Returns:
        The plan, and for each layer that keeps all outputs a reason that fits behind "because".

    Raises:
        KeyError: As in `joint_plan`.
        ValueError: As in `joint_plan`.
    """
    if check_number("kept", kept, above=0.0) > 1:
        raise ValueError(f"kept must be at most 1, got {kept!r}")
    joints = Joints(model, input_shape)
    _check_scores(joints, scores)
    worst = [_worst(members, scores, kept) for members in _sets(_tied(model, joints, scores))]
    worst = [channels for channels in worst if channels]
    shapes = _answer_shapes(model, input_shape)

    def fits(some: list[Channels]) -> bool:
        trial = resized(model, _plan_without(model, joints, some))
        pairs = zip(_answer_shapes(trial, input_shape), shapes, strict=True)
        return all(found in (wanted, {}) for found, wanted in pairs)

    answer = _found([channels[:1] for channels in worst], fits)
    going = [tied for tied in worst if tied[:1] not in answer]
    plan = _plan_without(model, joints, going)
    return plan, _why_whole(joints.plan, plan, answer, set(scores), kept)


def _why_whole(
    whole: Plan, plan: Plan, answer: list[Channels], scored: set[str], kept: float
) -> dict[str, str]:
    """Return why layers keep all of their outputs."""
    answering = {name for channels in answer for tied in channels for name, _ in tied}
    found = {}
    for name, part in plan.items():
        if part.outputs != whole[name].outputs:
            continue
        if name in answering:
            found[name] = "its outputs are the network's answers, or are joined to them"
        elif name not in scored:
            found[name] = "there are no scores of it"
        else:
            found[name] = f"{kept:.0%} of so few outputs, rounded up, is all of them"
    return found


def _found(sets: list[Channels], fits: Callable[[list[Channels]], bool]) -> list[Channels]:
    """Return the sets that must not lose anything, by halving: few of many do."""
    if not sets or fits(sets):
        return []
    if len(sets) == 1:
        return sets
    half = len(sets) // 2
    return _found(sets[:half], fits) + _found(sets[half:], fits)


def _plan_without(model: nn.Module, joints: Joints, going: list[Channels]) -> Plan:
    """Return the plan that drops these channels."""
    dropped: dict[str, set[int]] = {}
    for name, number in (channel for channels in going for tied in channels for channel in tied):
        dropped.setdefault(name, set()).add(number)
    keep = {
        name: [number for number in joints.plan[name].outputs if number not in numbers]
        for name, numbers in dropped.items()
        if joints.plan[name].inputs
    }
    return plan_from(model, joints, keep)


def _check_scores(joints: Joints, scores: Mapping[str, Tensor]) -> None:
    """Refuse scores that do not fit the layers."""
    for name, score in scores.items():
        part = joints.plan.get(name)
        if part is None or not part.inputs:
            raise KeyError(f"scores names {name!r}, but there is only {', '.join(joints.plan)}")
        if score.shape != (len(part.outputs),):
            raise ValueError(
                f"scores[{name!r}] must hold {len(part.outputs)} scores, got {tuple(score.shape)}"
            )
        if bool(score.isnan().any()):
            raise ValueError(f"scores[{name!r}] holds NaN")


def _tied(model: nn.Module, joints: Joints, scores: Mapping[str, Tensor]) -> Channels:
    """Return the channels that go together, joined to one with a score; each list is sorted."""
    parent: dict[Channel, Channel] = {}

    def find(channel: Channel) -> Channel:
        while parent.setdefault(channel, channel) != channel:
            parent[channel] = channel = parent[parent[channel]]
        return channel

    waiting, done = list(scores), set()
    while waiting:
        name = waiting.pop()
        if name in done:
            continue
        done.add(name)
        for share in joints.shares(name, joints.plan[name].outputs):
            refuse_groups(model, name, share.name)
            if share.is_output:
                for number, root in zip(share.numbers, share.roots, strict=True):
                    parent[find((share.name, number))] = find((name, root))
                if joints.plan[share.name].inputs:
                    waiting.append(share.name)
    found: dict[Channel, list[Channel]] = {}
    for channel in sorted(parent):
        found.setdefault(find(channel), []).append(channel)
    return list(found.values())


def _sets(tied: Channels) -> list[Channels]:
    """Return the tied channels that lie in the same layers, set by set."""
    sets: dict[frozenset[str], Channels] = {}
    for channels in tied:
        sets.setdefault(frozenset(name for name, _ in channels), []).append(channels)
    return list(sets.values())


def _worst(members: Channels, scores: Mapping[str, Tensor], kept: float) -> Channels:
    """Return the members of a set whose sums of scores are the lowest; of equals the last."""
    sums = [sum(float(scores[n][i]) for n, i in tied if n in scores) for tied in members]
    count = max(1, math.ceil(round(kept * len(members), 6)))
    order = sorted(range(len(members)), key=lambda place: -sums[place])  # stable
    return [members[place] for place in order[count:]]


Shapes = dict[str, tuple[int, ...]]


def _answer_shapes(model: nn.Module, input_shape: Sequence[int]) -> list[Shapes]:
    """Return the shapes of the answers in evaluation and in training mode.

    Nothing stands for a mode in which the network fails; `cut` will say why.
    """
    images = [torch.zeros(2, *shape) for shape in shapes_of(input_shape)]
    found: list[Shapes] = []
    for training in (False, True):
        try:
            answer = answer_of(model, images, seed=0, training=training)
        except Exception:  # such as a detector, which wants targets in training
            answer = {}
        found.append({place: tuple(leaf.shape) for place, leaf in answer.items()})
    return found
