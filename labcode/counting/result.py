"""What counting a model gives: one row a layer, and the totals."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from labcode.counting import display, views

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class LayerCost:
    """What one layer of a model costs for one image.

    `output_shape` is the shape of the layer's first output at its first call, without the batch
    (a leading 1); None if the layer was never called or gives no tensor. `params` are the
    parameters that this layer is the first to own, `calls` says how often it ran, and `uncounted`
    names its operations that have no formula. `trainable` of the parameters take part in training,
    `param_bytes` is their memory, and `output_bytes` that of the outputs of all its calls, if it
    holds no other layers. `order` is its place by first call, from 0; None if it was not called.
    `inside` names the layer in whose call its weights worked, if it was not called itself.
    """

    name: str
    type: str
    output_shape: tuple[int, ...] | None
    params: int
    macs: int
    calls: int
    uncounted: tuple[str, ...] = ()
    trainable: int = 0
    param_bytes: int = 0
    output_bytes: int = 0
    order: int | None = None
    inside: str = ""

    @property
    def flops(self) -> int:
        """Floating-point operations for one image: exactly 2 x `macs`."""
        return 2 * self.macs


@dataclass(frozen=True)
class OperationCost:
    """How often one kind of operation ran in a model, and its multiply-adds in total."""

    name: str
    calls: int
    macs: int


@dataclass(frozen=True)
class ModelCost:
    """What a model costs for one image, in total and by layer; the rows add up to the totals.

    `uncounted` says which operations have no formula and how often each ran: their
    multiply-adds, if they have any, are not part of `macs`. Of a model that was counted on
    inputs as given, `inputs` describes these, the cost is that of all of them together, and
    `input_shape` is empty. `operations` are those that multiply, in running order, and `notes`
    say what a reader must know: hooks that did not run, caches that were emptied.
    """

    model: str
    input_shape: tuple[int, ...]
    params: int
    macs: int
    layers: tuple[LayerCost, ...]
    uncounted: dict[str, int] = field(default_factory=dict, hash=False)
    inputs: str = ""
    operations: tuple[OperationCost, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def flops(self) -> int:
        """Floating-point operations for one image: exactly 2 x `macs`."""
        return 2 * self.macs

    def __str__(self) -> str:
        """Return the table as plain text."""
        return display.as_text(self)

    def __repr__(self) -> str:
        """Return the table as plain text, which is what a Python prompt shows."""
        return display.as_text(self)

    def _repr_html_(self) -> str:
        """Return the table with bars, which is what a notebook shows."""
        return display.as_html(self)

    @property
    def trainable(self) -> int:
        """The number of parameters that take part in training."""
        return sum(row.trainable for row in self.layers)

    @property
    def param_bytes(self) -> int:
        """The memory of the parameters, in bytes, each in its own type."""
        return sum(row.param_bytes for row in self.layers)

    @property
    def output_bytes(self) -> int:
        """The memory of the outputs of all layers that hold no others, in bytes.

        An estimate of what training keeps of one image; inference keeps less, as it frees an
        output once it was used, and operations outside layers are not in it.
        """
        return sum(row.output_bytes for row in self.layers)

    def by_depth(self, depth: int = 1) -> views.View:
        """Return the cost by block, in running order.

        Args:
            depth: how many parts of a layer's name tell blocks apart, below the part that all
                names share, such as that of a wrapper.

        Raises:
            ValueError: if `depth` is less than 1.
        """
        return views.by_depth(self, depth)

    def by_operation(self) -> views.View:
        """Return the cost by kind of operation, in running order."""
        return views.by_operation(self)

    def in_running_order(self) -> ModelCost:
        """Return the same cost with its layers by their first call."""
        return replace(self, layers=tuple(views.running_order(self.layers)))

    def totals(self) -> views.View:
        """Return the totals: parameters, the trainable share, memory and multiply-adds."""
        return views.totals(self)

    def to_markdown(self) -> str:
        """Return the table of layers as Markdown, and what is not counted below it."""
        return display.as_markdown(self)

    def to_frame(self) -> pd.DataFrame:
        """Return the layers as a pandas DataFrame, one row a layer.

        Returns:
            Columns name, type, output_shape, params, macs, flops, calls and uncounted.
        """
        import pandas as pd  # only here: counting itself needs no pandas

        columns = ["name", "type", "output_shape", "params", "macs", "flops", "calls", "uncounted"]
        rows: list[list[Any]] = [[getattr(row, c) for c in columns] for row in self.layers]
        return pd.DataFrame(rows, columns=columns)
