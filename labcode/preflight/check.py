"""`check`: what each method of the course can do with a network, before anything is done to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from labcode._copied import copied
from labcode._refusals import called, sentence
from labcode.counting.inputs import IMAGE
from labcode.preflight.facts import Facts, LayerFacts, look
from labcode.preflight.given import Given, drawn, given_inputs
from labcode.preflight.methods import METHODS, Method, Taken
from labcode.preflight.reasons import particular, why_not
from labcode.preflight.verdict import NOTHING, YES, Verdict
from labcode.preflight.view import as_html, as_text

IMAGES = 4  # random ones, where none are given


@dataclass(frozen=True)
class LayerCheck:
    """What the methods say of one layer.

    Args:
        name: Its name.
        kind: Its class.
        weights: Number of its parameters.
        notes: What is particular about it, such as "runs twice".
        verdicts: Method to what it says; methods that are not for such layers are left out.
    """

    name: str
    kind: str
    weights: int
    notes: tuple[str, ...]
    verdicts: dict[str, Verdict]


@dataclass(frozen=True)
class Preflight:
    """What the methods say of a network and of each of its layers.

    Args:
        model: The network's class.
        layers: Its layers with parameters, in running order.
        verdicts: Method to what it says of the whole network.
    """

    model: str
    layers: tuple[LayerCheck, ...]
    verdicts: dict[str, Verdict]

    def __str__(self) -> str:
        """Show the answers as plain text."""
        return as_text(self)

    def __repr__(self) -> str:
        """Show the same where there is no HTML: nobody reads the fields of a long table."""
        return as_text(self)

    def _repr_html_(self) -> str:
        """Show the answers in a notebook."""
        return as_html(self)

    def rows(self) -> list[dict[str, Any]]:
        """Return a row a layer, after one of the whole network: plain words, for any table."""
        whole = {
            "layer": f"({self.model})",
            "kind": "network",
            "weights": self.weights,
            "notes": "",
        }
        found = [whole | {name: str(verdict) for name, verdict in self.verdicts.items()}]
        for one in self.layers:
            head = {"layer": one.name, "kind": one.kind, "weights": one.weights}
            said = {name: str(one.verdicts.get(name, "")) for name in self.verdicts}
            found.append(head | {"notes": ", ".join(one.notes)} | said)
        return found

    @property
    def weights(self) -> int:
        """Number of parameters of all layers."""
        return sum(one.weights for one in self.layers)


def check(
    model: nn.Module,
    input_shape: Sequence[int] = IMAGE,
    *,
    images: Tensor | None = None,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    methods: Iterable[str] | None = None,
) -> Preflight:
    """Say of each method and each layer: yes, in part, or no and why.

    Every method is tried on a copy of the network, and what it hands over is what the verdict
    says: a layer has a yes if the method took it, else the reason why not. A method's "no" is the
    sentence of the error that it raises.

    Args:
        model: Any network; it is left as it was.
        input_shape: One image, (channels, height, width).
        images: What to calibrate and compare with, (N, channels, height, width); None draws 4
            random ones of ``input_shape``.
        inputs: Instead of images, a tuple of the network's arguments with their batch, or the only
            one, as `labcode.count` takes them. Methods that are for networks with one input say
            so where there are several.
        kwargs: Its arguments by name.
        methods: Names of the methods to try, see `METHODS`; None tries all.

    Returns:
        The verdicts.

    Raises:
        TypeError: ``model`` is not a network.
        ValueError: A method is unknown, images and inputs are both given, or the network does not
            run on them; the message says what it says.

    >>> model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    >>> found = check(model, (3, 8, 8), methods=["prune weights"])
    >>> print(found.verdicts["prune weights"])
    yes
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    chosen = _chosen(methods)
    given = _given(model, input_shape, images, inputs, kwargs)
    facts = look(model, given.run)
    if facts.failure and not facts.layers:
        raise ValueError(f"the network cannot be looked at: {facts.failure}")
    if facts.failure:
        raise ValueError(f"the network does not run on {given.described()}: {facts.failure}")
    outcomes = {method.name: _try(method, model, given) for method in chosen}
    layers = tuple(_layer(layer, chosen, outcomes) for layer in facts.layers)
    whole = {m.name: _whole(m, outcomes[m.name], layers, facts) for m in chosen}
    return Preflight(type(model).__name__, layers, whole)


@dataclass(frozen=True)
class Outcome:
    """What came of a trial: the layers that the method took or left out, or what it said."""

    took: Taken
    refusal: str = ""


def _chosen(methods: Iterable[str] | None) -> list[Method]:
    known = {method.name: method for method in METHODS}
    for name in methods or ():
        if name not in known:
            raise ValueError(f"methods must be among {', '.join(known)}, got {name!r}")
    return [known[name] for name in (known if methods is None else methods)]


def _given(
    model: nn.Module,
    input_shape: Sequence[int],
    images: Tensor | None,
    inputs: Any,
    kwargs: Mapping[str, Any] | None,
) -> Given:
    """Return what the network is run on."""
    if images is not None and (inputs is not None or kwargs):
        raise ValueError("give images, or inputs and kwargs, not both")
    if inputs is None and not kwargs:
        return drawn(tuple(input_shape), IMAGES, model) if images is None else Given((images,))
    if input_shape is not IMAGE:
        raise ValueError("give input_shape for one image, or inputs as they are, not both")
    return given_inputs(inputs, kwargs)


def _try(method: Method, model: nn.Module, given: Given) -> Outcome:
    """Try a method on a copy; whatever goes wrong is its answer."""
    try:
        twin = copied(model).eval()
        with torch.random.fork_rng(devices=[]):
            return Outcome(method.attempt(twin, given))
    except Exception as error:  # the methods' own sentences, and whatever else there may be
        return Outcome({}, sentence(error))


def _layer(
    layer: LayerFacts, methods: Sequence[Method], outcomes: dict[str, Outcome]
) -> LayerCheck:
    verdicts = {}
    for method in methods:
        outcome = outcomes[method.name]
        names = [layer.name, *layer.aliases, *layer.shared_with]
        spoken_of = any(outcome.took.get(name) for name in (layer.name, *layer.aliases))
        if not isinstance(layer.layer, method.aims_at) and not spoken_of:
            continue
        said = [outcome.took[name] for name in names if name in outcome.took]
        if not outcome.refusal and "" in said:
            verdicts[method.name] = YES
        else:
            why = outcome.refusal or why_not(layer, next(iter(said), ""))
            verdicts[method.name] = Verdict("no", why)
    return LayerCheck(layer.name, layer.kind, layer.weights, particular(layer), verdicts)


def _whole(method: Method, outcome: Outcome, layers: Sequence[LayerCheck], facts: Facts) -> Verdict:
    if outcome.refusal:
        return Verdict("no", outcome.refusal)
    if facts.scripted:
        return YES  # its layers cannot be told apart
    asked = [one for one in layers if method.name in one.verdicts]
    left = [one for one in asked if one.verdicts[method.name].answer == "no"]
    if not asked:
        return Verdict(NOTHING, "the network has no layer that it is for")
    if not left:
        return YES
    if len(left) == len(asked):
        return Verdict(NOTHING, _all_left(left, method))
    taken = sum(one.weights for one in asked if one not in left)
    share = _part(taken, sum(one.weights for one in asked))
    return Verdict(
        "in part", f"{len(asked) - len(left)} of {len(asked)} layers, {share} of their weights"
    )


def _part(taken: int, weights: int) -> str:
    """Say how much of something is taken; a part is never called all or nothing."""
    share = f"{taken / max(1, weights):.0%}"
    if share == "100%" and taken < weights:
        return "more than 99%"
    return "less than 1%" if share == "0%" and taken else share


def _all_left(left: Sequence[LayerCheck], method: Method) -> str:
    """Say that all layers were left out, and why the first of them was."""
    first = left[0]
    number = "the one layer" if len(left) == 1 else f"all {len(left)} layers"
    why = first.verdicts[method.name].reason
    return f"it leaves out {number} that it is for; {called(first.name)}, because {why}"
