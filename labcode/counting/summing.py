"""Add up what a run counted: rows, totals, and what to tell the reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import torch

from labcode.counting.dispatch import CountingMode
from labcode.counting.inputs import Inputs
from labcode.counting.packed import packed_tensors
from labcode.counting.result import LayerCost, ModelCost, OperationCost
from labcode.counting.tracking import Layer


def summed(
    layers: Sequence[Layer], inputs: Inputs, mode: CountingMode, notes: Sequence[str]
) -> ModelCost:
    """Return the cost of a model from its layers after a run."""
    for layer in layers:
        _place(layer, mode)
    rows = tuple(_row(layer) for layer in layers if layer.is_row)
    uncounted: Counter[str] = Counter()
    for layer in layers:
        uncounted.update(layer.uncounted)
    return ModelCost(
        model=layers[0].kind,
        input_shape=inputs.shape or (),
        params=sum(row.params for row in rows),
        macs=sum(row.macs for row in rows),
        layers=rows,
        uncounted=dict(uncounted),
        inputs=inputs.describe(),
        operations=tuple(OperationCost(*sums) for sums in mode.operations.sums()),
        notes=tuple(notes),
    )


def _place(layer: Layer, mode: CountingMode) -> None:
    """Say in which layer's call the weights of one that was never called worked."""
    if layer.calls:
        return
    users = (mode.users.get(id(p)) for p in layer.parameters)
    user = next((user for user in users if user is not None), None)
    if user is not None and user is not layer:
        layer.inside = user.name


def _row(layer: Layer) -> LayerCost:
    weights: list[torch.Tensor] = [*layer.parameters, *packed_tensors(layer.module)]
    sizes = [weight.numel() for weight in weights]
    return LayerCost(
        name=layer.name,
        type=layer.kind,
        output_shape=layer.shape,
        params=sum(sizes),
        macs=layer.macs,
        calls=layer.calls,
        uncounted=tuple(layer.uncounted),
        trainable=sum(n for p, n in zip(layer.parameters, sizes, strict=False) if p.requires_grad),
        param_bytes=sum(w.element_size() * n for w, n in zip(weights, sizes, strict=True)),
        output_bytes=layer.output_bytes,
        order=layer.order,
        inside=layer.inside,
    )
