"""Put the costs of several models or layers side by side, as a table and as a plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labcode.show.numbers import prefix_of, rounded, share
from labcode.show.tables import AnyCell, Cell, Table, html_box, html_table, text_table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_IMAGE = (3, 224, 224)
_COLUMNS = ("Name", "Params", "MACs", "FLOPs", "Params ratio", "MACs ratio")


@dataclass(frozen=True)
class Entry:
    """One model or layer of a comparison."""

    name: str
    params: int
    macs: int
    uncounted: tuple[str, ...] = ()
    given: str = ""  # what it was counted on, if known

    @property
    def flops(self) -> int:
        """Floating-point operations for one image: exactly 2 x `macs`."""
        return 2 * self.macs


@dataclass(frozen=True)
class Comparison:
    """Costs side by side; ratios are to the first."""

    entries: tuple[Entry, ...]

    def ratio(self, name: str) -> tuple[float | None, float | None]:
        """Return one entry's params and MACs divided by the first one's.

        Args:
            name: the entry, as it was given to `compare`.

        Returns:
            Both ratios, without a unit; None where the first has zero.

        Raises:
            KeyError: if there is no such entry.
        """
        first = self.entries[0]
        for entry in self.entries:
            if entry.name == name:
                return _ratio(entry.params, first.params), _ratio(entry.macs, first.macs)
        raise KeyError(f"no entry {name!r}; there are {[e.name for e in self.entries]}")

    def __str__(self) -> str:
        """Return the table as plain text."""
        return "\n".join([text_table(self._table()), *self._notes()])

    def __repr__(self) -> str:
        """Return the table as plain text, which is what a Python prompt shows."""
        return str(self)

    def _repr_html_(self) -> str:
        """Return the table with bars, which is what a notebook shows."""
        return html_box(html_table(self._table(self._notes())), "Costs side by side")

    def to_frame(self) -> pd.DataFrame:
        """Return the comparison as a pandas DataFrame, one row an entry, indexed by name."""
        import pandas as pd  # only here: comparing itself needs no pandas

        rows = [
            {"params": e.params, "macs": e.macs, "flops": e.flops}
            | dict(zip(("params_ratio", "macs_ratio"), self.ratio(e.name), strict=True))
            for e in self.entries
        ]
        return pd.DataFrame(rows, index=pd.Index([e.name for e in self.entries], name="name"))

    def plot(self, ax: Sequence[Axes] | None = None) -> Sequence[Axes]:
        """Draw two bar charts, one below the other: parameters and MACs.

        Args:
            ax: two matplotlib axes to draw on; new ones if None.

        Returns:
            The two axes, parameters first.
        """
        if ax is None:
            import matplotlib.pyplot as plt  # only here: comparing itself needs no matplotlib

            height = 1.2 + 0.4 * len(self.entries)
            ax = plt.subplots(2, 1, figsize=(5, 2 * height), layout="constrained")[1]
        upper, lower = ax
        names = [entry.name for entry in self.entries]
        _bars(upper, names, [e.params for e in self.entries], "Parameters", "#d55e00")
        _bars(lower, names, [e.macs for e in self.entries], "MACs for one image", "#0072b2")
        upper.invert_yaxis()  # the first entry on top
        if lower.get_ylim()[0] < lower.get_ylim()[1]:  # not shared with the upper one
            lower.invert_yaxis()
        return upper, lower

    def _table(self, notes: Sequence[str] = ()) -> Table:
        most_params = max(entry.params for entry in self.entries)
        most_macs = max(entry.macs for entry in self.entries)
        rows = tuple(self._row(entry, most_params, most_macs) for entry in self.entries)
        caption = f"Cost for one image, beside {self.entries[0].name}"
        caption = ". ".join([caption, *notes])
        return Table(caption, _COLUMNS, rows, numeric=frozenset(range(1, 6)))

    def _row(self, entry: Entry, most_params: int, most_macs: int) -> tuple[AnyCell, ...]:
        ratios = (_times(value) for value in self.ratio(entry.name))
        params = Cell(f"{entry.params:,}", share(entry.params, most_params), "b")
        unknown = " + ?" if entry.uncounted else ""
        macs = Cell(f"{entry.macs:,}{unknown}", share(entry.macs, most_macs))
        return (entry.name, params, macs, f"{entry.flops:,}", *ratios)

    def _notes(self) -> list[str]:
        inputs = {entry.given for entry in self.entries if entry.given}
        differ = "; ".join(f"{entry.name}: {entry.given or 'not known'}" for entry in self.entries)
        notes = [f"The inputs differ: {differ}"] if len(inputs) > 1 else []
        return notes + [
            f"Not counted in {entry.name}, no formula: {', '.join(entry.uncounted)}"
            for entry in self.entries
            if entry.uncounted
        ]


def compare(
    candidates: Mapping[str, Any],
    *,
    input_shape: Sequence[int] = _IMAGE,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
) -> Comparison:
    """Put several models or costs side by side.

    Args:
        candidates: name -> a `labcode.cost.Cost`, a `ModelCost`, or a `torch.nn.Module`, which is
            counted first. The first one is what the others are compared with.
        input_shape: one input without the batch, (channels, height, width) in pixels, for the
            modules.
        inputs: what the modules get instead, as for `labcode.count`.
        kwargs: further arguments of the modules by name.

    Returns:
        A comparison, which shows itself as a table; `.to_frame()` and `.plot()` give more.

    Raises:
        TypeError: if `candidates` is not a mapping from names, or a value has no cost.
        ValueError: if there are no candidates, or if one cannot be counted; the message names it.

    Example:
        >>> from labcode.cost import conv2d, depthwise_separable
        >>> both = compare({
        ...     "standard": conv2d(3, 4, 3, 5), "separable": depthwise_separable(3, 4, 3, 5)})
        >>> [(entry.params, entry.macs) for entry in both.entries]
        [(108, 972), (39, 351)]
    """
    if not isinstance(candidates, Mapping):
        raise TypeError(
            "candidates must be a dict from names to models or costs, "
            f"got {type(candidates).__name__}"
        )
    if not candidates:
        raise ValueError("candidates must hold at least one model or cost, got an empty dict")
    settings = {"inputs": inputs, "kwargs": kwargs}
    if input_shape is not _IMAGE:
        settings["input_shape"] = input_shape
    entries = (_entry(name, value, settings) for name, value in candidates.items())
    return Comparison(tuple(entries))


def _entry(name: Any, value: Any, settings: dict[str, Any]) -> Entry:
    if not isinstance(name, str):
        raise TypeError(f"candidates must have strings as names, got {name!r}")
    cost = _cost(name, value, settings)
    uncounted = tuple(getattr(cost, "uncounted", ()))
    return Entry(name, cost.params, cost.macs, uncounted, _given(cost))


def _given(cost: Any) -> str:
    shape = getattr(cost, "input_shape", None)
    if isinstance(shape, tuple) and shape:
        return " × ".join(map(str, shape))
    given = getattr(cost, "inputs", "")
    return given if isinstance(given, str) else ""


def _cost(name: str, value: Any, settings: dict[str, Any]) -> Any:
    if all(_is_count(getattr(value, attribute, None)) for attribute in ("params", "macs")):
        return value
    if not hasattr(value, "forward") or isinstance(value, type):
        what = f"{value!r:.80} ({type(value).__name__})"
        raise TypeError(f"candidates[{name!r}] must be a cost or a torch.nn.Module, got {what}")
    from labcode.counting import count  # only here: comparing costs needs no torch

    try:
        return count(value, **settings)
    except (TypeError, ValueError) as error:
        if "input_shape must" in str(error) or "kwargs must" in str(error):
            raise  # of no candidate
        raise type(error)(f"candidates[{name!r}]: {error}") from error


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _ratio(value: int, first: int) -> float | None:
    return value / first if first else None


def _times(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.3g}×"


def _bars(ax: Axes, names: list[str], values: list[int], label: str, colour: str) -> None:
    size, prefix = prefix_of(max(values, default=0))  # one for all, so that numbers compare
    bars = ax.barh(names, [value / size for value in values], color=colour)
    ax.bar_label(bars, [rounded(value / size) for value in values], padding=3)
    ax.set_xlabel(f"{label} ({prefix})" if prefix else label)
    ax.margins(x=0.25)  # room for the numbers beside the bars
    ax.spines[["top", "right"]].set_visible(False)
