"""Plans from scores: channels that a sum or a concatenation joins are chosen together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from torch import Tensor, nn

from labcode._checks import check_int, check_number
from labcode.pruning.cut_trial import CutTrial, Ordinary
from labcode.pruning.graph import plan_from
from labcode.pruning.joints import Joints, Share, UnfollowedError
from labcode.pruning.kinds import called
from labcode.pruning.plan import Plan, is_grouped

Channel = tuple[str, int]
"""An output of a layer: the layer's name and the output's number."""

Channels = list[list[Channel]]
"""Channels that go one after the other; those of an inner list go together."""


def joint_plan(
    model: nn.Module,
    scores: Mapping[str, Tensor],
    kept: float,
    input_shape: Sequence[int],
    *,
    multiple: int = 1,
) -> Plan:
    """Plan a cut in which each set of joined layers keeps the same part of its channels.

    A residual sum adds channel 3 of one layer to channel 3 of others: they go or stay together.
    Chosen layer by layer, nearly every channel of a ResNet's sum would be dropped by one layer or
    another. Here the scores of such channels are added first, and the best sums stay. The
    channels of each set of layers compete among themselves. The plan goes around what cannot be
    cut: a convolution with groups, a layer of another kind, a parameter in no layer; and all that
    is joined to one stays whole. Depthwise convolutions lose what their inputs lose.

    Args:
        model: The network.
        scores: Name of a layer to a score for each of its outputs, such as `unit_norms` returns.
            Layers without scores lose only what they are joined to.
        kept: Part of the channels of each set that stays, above 0 to 1; the number is rounded up.
        input_shape: One image, (channels, height, width); for several inputs a list of shapes.
        multiple: The number of channels of each set that stays is rounded up to a multiple of
            this, as far as there are so many. A runtime may be much slower with other numbers.

    Returns:
        What each layer keeps. Layers whose outputs are the answer stay whole, too.

    Raises:
        KeyError: There is no such layer.
        TypeError: ``multiple`` is not an integer.
        ValueError: ``kept`` or ``multiple`` is out of range, a layer's weights cannot be changed
            or it does not run, or scores do not fit their layer or hold NaN. A sentence names the
            layer.

    Source: Li et al., "Pruning filters for efficient ConvNets" (arXiv:1608.08710), section 3.3,
        where the shortcut alone decides; Fang et al. (arXiv:2301.12900) add up the group.

    >>> from labcode.pruning import cut, unit_norms
    >>> model = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(24, 2))
    >>> plan = joint_plan(model, unit_norms(model), 0.5, (1, 4, 4))
    >>> cut(model, plan, (1, 4, 4))[0]
    Conv2d(1, 3, kernel_size=(3, 3), stride=(1, 1))
    """
    return explained_plan(model, scores, kept, input_shape, multiple=multiple)[0]


def explained_plan(
    model: nn.Module,
    scores: Mapping[str, Tensor],
    kept: float,
    input_shape: Sequence[int],
    *,
    multiple: int = 1,
) -> tuple[Plan, dict[str, str]]:
    """Return the plan of `joint_plan`, and why each layer that keeps all of its outputs does so.

    Args:
        model: See `joint_plan`, like the others.
        scores: By layer.
        kept: Part of the channels.
        input_shape: One image.
        multiple: Of what the number that stays is one.

    Returns:
        The plan, and for each layer that keeps all outputs a reason that fits behind "because".

    Raises:
        KeyError: As in `joint_plan`.
        ValueError: As in `joint_plan`.
    """
    if check_number("kept", kept, above=0.0) > 1:
        raise ValueError(f"kept must be at most 1, got {kept!r}")
    check_int("multiple", multiple)
    joints = Joints(model, input_shape, around=True)
    _check_scores(joints, scores)
    tied, whole = _tied(model, joints, scores)
    worst = [_worst(members, scores, kept, multiple) for members in _sets(tied)]
    worst = [channels for channels in worst if channels]
    trial, said = CutTrial(model, input_shape), {}

    def fits(some: list[Channels]) -> bool:
        why = trial.why_not(_plan_without(model, joints, some))
        if why and len(some) == 1:
            said.update({name: why for tied in some[0] for name, _ in tied})
        return not why

    staying = _found([channels[:1] for channels in worst], fits)
    going = [channels for channels in worst if channels[:1] not in staying]
    plan = _plan_without(model, joints, going)
    left = {name: f"it {why}" for name, why in joints.uncuttable.items()}
    few = _why_whole(joints.plan, plan, set(scores), _part(kept, multiple))
    return plan, left | few | said | whole


def _part(kept: float, multiple: int) -> str:
    """Say what part of so few outputs stays."""
    to = f" to a multiple of {multiple}" if multiple > 1 else ""
    return f"{kept:.0%} of so few outputs, rounded up{to},"


def _why_whole(whole: Plan, plan: Plan, scored: set[str], part: str) -> dict[str, str]:
    """Return why layers that could lose outputs keep all of them; ``part`` is from `_part`."""
    found = {}
    for name, layer in plan.items():
        if layer.outputs != whole[name].outputs:
            continue
        if name not in scored:
            found[name] = "there are no scores of it"
        else:
            found[name] = Ordinary(f"{part} is all of them")
    return found


def _found(sets: list[Channels], fits: Callable[[list[Channels]], bool]) -> list[Channels]:
    """Return the sets that must not lose anything, by halving: most of many may."""
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
        if name in joints.uncuttable:
            continue
        if part is None or not part.inputs:
            raise KeyError(f"scores names {name!r}, but there is only {', '.join(joints.plan)}")
        if score.shape != (len(part.outputs),):
            raise ValueError(
                f"scores[{name!r}] must hold {len(part.outputs)} scores, got {tuple(score.shape)}"
            )
        if bool(score.isnan().any()):
            raise ValueError(f"scores[{name!r}] holds NaN")


def _tied(
    model: nn.Module, joints: Joints, scores: Mapping[str, Tensor]
) -> tuple[Channels, dict[str, str]]:
    """Return the channels that go together, joined to one with a score; each list is sorted.

    Those that are joined to a layer that must stay whole are not among them. Their layers are
    returned with the reason.
    """
    parent: dict[Channel, Channel] = {}

    def find(channel: Channel) -> Channel:
        while parent.setdefault(channel, channel) != channel:
            parent[channel] = channel = parent[parent[channel]]
        return channel

    waiting, done, whole = [name for name in scores if name in joints.plan], set(), {}
    while waiting:
        name = waiting.pop()
        if name in done:
            continue
        done.add(name)
        shares = _shares(model, joints, name)
        if isinstance(shares, str):
            whole[name] = shares
            continue
        for share in shares:
            for number, root in zip(share.numbers, share.roots, strict=True):
                parent[find((share.name, number))] = find((name, root))
            if joints.plan[share.name].inputs:
                waiting.append(share.name)
    found: dict[Channel, list[Channel]] = {}
    for channel in sorted(parent):
        found.setdefault(find(channel), []).append(channel)
    return _free(list(found.values()), whole)


def _shares(model: nn.Module, joints: Joints, name: str) -> list[Share] | str:
    """Return which outputs go with those of a layer, or why it must stay whole."""
    if why := _must_stay(model, joints, name):
        return f"it {why}"
    found = []
    try:
        for share in joints.shares(name, joints.plan[name].outputs):
            if why := _must_stay(model, joints, share.name):
                return f"it is joined to {called(share.name)}, which {why}"
            found += [share] if share.is_output else []
    except UnfollowedError as error:
        return str(error)
    return found


def _must_stay(model: nn.Module, joints: Joints, name: str) -> str:
    """Say why a layer must stay whole, as words behind its name; nothing if it need not."""
    layer = dict(model.named_modules()).get(name)  # None where a parameter is in no layer
    if name not in joints.plan or layer is None:
        return f"is a {type(layer).__name__} and cannot be cut" if layer else "cannot be cut"
    return f"has groups={layer.groups} and must stay whole" if is_grouped(layer) else ""


def _free(tied: Channels, whole: dict[str, str]) -> tuple[Channels, dict[str, str]]:
    """Split off the channels of layers that must stay whole, and all that is tied to those."""
    whole = dict(whole)
    sets = {frozenset(name for name, _ in channels) for channels in tied}
    while held := [names for names in sets if names & set(whole)]:
        sets -= set(held)
        for names in sorted(held, key=sorted):
            first = min(names & set(whole))
            why = f"it is joined to {called(first)}, which must stay whole"
            whole |= dict.fromkeys(names - set(whole), why)
    return [channels for channels in tied if not {name for name, _ in channels} & set(whole)], whole


def _sets(tied: Channels) -> list[Channels]:
    """Return the tied channels that lie in the same layers, set by set."""
    sets: dict[frozenset[str], Channels] = {}
    for channels in tied:
        sets.setdefault(frozenset(name for name, _ in channels), []).append(channels)
    return list(sets.values())


def _worst(members: Channels, scores: Mapping[str, Tensor], kept: float, multiple: int) -> Channels:
    """Return the members of a set whose sums of scores are the lowest; of equals the last."""
    sums = [sum(float(scores[n][i]) for n, i in tied if n in scores) for tied in members]
    count = multiple * max(1, math.ceil(round(kept * len(members) / multiple, 6)))
    order = sorted(range(len(members)), key=lambda place: -sums[place])  # stable
    return [members[place] for place in order[count:]]
