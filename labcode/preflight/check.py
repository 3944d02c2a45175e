"""`check`: what each method of the course can do with a network, before anything is done to it."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from labcode.preflight.facts import Facts, LayerFacts, look
from labcode.preflight.methods import METHODS, Method
from labcode.preflight.reasons import particular, why_not
from labcode.preflight.verdict import YES, Verdict
from labcode.preflight.view import as_html, as_text
from labcode.training.devices import device_of

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
    input_shape: Sequence[int] = (3, 224, 224),
    *,
    images: Tensor | None = None,
    methods: Iterable[str] | None = None,
) -> Preflight:
    """Say of each method and each layer: yes, in part, or no and why.

    Every method is tried on a copy of the network, and what it hands over is what the verdict
    says: a layer has a yes if the method took it, else the reason why not.

    Args:
        model: Any network; it is left as it was.
        input_shape: One image, (channels, height, width).
        images: What to calibrate and compare with, (N, channels, height, width); None draws 4
            random ones of ``input_shape``.
        methods: Names of the methods to try, see `METHODS`; None tries all.

    Returns:
        The verdicts.

    Raises:
        TypeError: ``model`` is not a network.
        ValueError: A method is unknown, or the network does not run on such images; the message
            says what it says.

    >>> model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    >>> found = check(model, (3, 8, 8), methods=["prune weights"])
    >>> print(found.verdicts["prune weights"])
    yes
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    chosen = _chosen(methods)
    inputs = _images(model, input_shape) if images is None else images
    facts = look(model, lambda twin: twin(inputs))
    if facts.failure and not facts.layers:
        raise ValueError(f"the network cannot be looked at: {facts.failure}")
    if facts.failure:
        raise ValueError(
            f"the network does not run on images of {tuple(inputs.shape)}: {facts.failure}"
        )
    outcomes = {method.name: _try(method, model, inputs, facts) for method in chosen}
    layers = tuple(_layer(layer, chosen, outcomes, facts) for layer in facts.layers)
    whole = {m.name: _whole(m, outcomes[m.name], layers) for m in chosen}
    return Preflight(type(model).__name__, layers, whole)


@dataclass(frozen=True)
class Outcome:
    """What came of a trial: the layers that the method took, or what it said."""

    took: frozenset[str]
    refusal: str = ""


def _chosen(methods: Iterable[str] | None) -> list[Method]:
    known = {method.name: method for method in METHODS}
    for name in methods or ():
        if name not in known:
            raise ValueError(f"methods must be among {', '.join(known)}, got {name!r}")
    return [known[name] for name in (known if methods is None else methods)]


def _images(model: nn.Module, input_shape: Sequence[int]) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(IMAGES, *input_shape, generator=generator)
    dtype = next((p.dtype for p in model.parameters() if p.is_floating_point()), torch.float32)
    return images.to(device_of(model), dtype)


def _try(method: Method, model: nn.Module, images: Tensor, facts: Facts) -> Outcome:
    """Try a method on a copy; whatever goes wrong is its answer."""
    if facts.scripted:
        return Outcome(frozenset(), "it is a TorchScript module, whose layers cannot be changed")
    try:
        twin = copy.deepcopy(model).eval()
        with torch.random.fork_rng(devices=[]):
            return Outcome(frozenset(method.attempt(twin, images)))
    except Exception as error:  # the methods' own sentences, and whatever else there may be
        lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
        said = lines[0] if lines else type(error).__name__
        expected = isinstance(error, (ValueError, TypeError))
        return Outcome(frozenset(), said if expected else f"{type(error).__name__}: {said}")


def _layer(
    layer: LayerFacts, methods: Sequence[Method], outcomes: dict[str, Outcome], facts: Facts
) -> LayerCheck:
    verdicts = {}
    for method in methods:
        if not isinstance(layer.layer, method.aims_at):
            continue
        outcome = outcomes[method.name]
        if {layer.name, *layer.aliases, *layer.shared_with} & outcome.took:
            verdicts[method.name] = YES
        else:
            verdicts[method.name] = Verdict(
                "no", outcome.refusal or why_not(method.name, layer, facts)
            )
    return LayerCheck(layer.name, layer.kind, layer.weights, particular(layer), verdicts)


def _whole(method: Method, outcome: Outcome, layers: Sequence[LayerCheck]) -> Verdict:
    if outcome.refusal:
        return Verdict("no", outcome.refusal)
    asked = [one for one in layers if method.name in one.verdicts]
    left = [one for one in asked if one.verdicts[method.name].answer == "no"]
    if not asked:
        return Verdict("no", "the network has no layer that it is for")
    if not left:
        return YES
    if len(left) == len(asked):
        return Verdict("no", f"it takes none of the {len(asked)} layers that it is for")
    share = sum(one.weights for one in asked if one not in left) / max(
        1, sum(one.weights for one in asked)
    )
    return Verdict(
        "in part", f"{len(asked) - len(left)} of {len(asked)} layers, {share:.0%} of their weights"
    )
