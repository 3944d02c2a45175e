"""From a count of multiply-adds to operations, bytes and the least time that they can take."""

from __future__ import annotations

from dataclasses import dataclass

from labcode._checks import check_choice, check_int
from labcode.pages.live.result import Beside, Result
from labcode.pages.pictures.roof import roof
from labcode.show.numbers import duration, number, plural, rounded, scaled
from labcode.show.tables import Cell, Table

BYTES = {"float32": 4, "float16": 2, "int8": 1}


def counts(
    mega_params: int = 61,
    mega_macs: int = 714,
    batch_size: int = 1,
    precision: str = "float32",
    peak_gflops: int = 100,
    gbytes_per_second: int = 20,
) -> Result:
    """Bound the time of one run of a network from below, by compute and by memory.

    Args:
        mega_params: Parameters of the network, in millions.
        mega_macs: Multiply-adds for one image, in millions.
        batch_size: Images that run together; the weights are read once for all of them.
        precision: How each weight is stored: "float32", "float16" or "int8".
        peak_gflops: Most operations that the device can do, in GFLOP/s.
        gbytes_per_second: Most bytes that its memory can deliver, in GB/s.

    Returns:
        Operations, bytes of the weights, both times, the arithmetic intensity and which of the
        two limits binds. The time to read and write activations is left out, so that the
        bound stays a bound.

    Raises:
        ValueError: A number is below 1, or the precision is unknown.

    Source: Williams et al., Roofline (2009), doi:10.1145/1498765.1498785.

    >>> print(counts().summary)
    At least 14.3 ms for 1 image: compute binds.
    """
    bound = Bound(
        check_int("mega_params", mega_params) * 10**6,
        check_int("mega_macs", mega_macs) * 10**6,
        check_int("batch_size", batch_size),
        BYTES[check_choice("precision", precision, tuple(BYTES))],
        check_int("peak_gflops", peak_gflops),
        check_int("gbytes_per_second", gbytes_per_second),
    )
    rows = tuple((name, Cell(value, kind="strong"), how) for name, how, value in _rows(bound))
    return Result(
        f"At least {duration(bound.seconds)} for {plural(bound.images, 'image')}: "
        f"{bound.binds} binds.",
        (Beside(roof(bound.intensity, bound.ridge), Table(rows=rows, style="list")),),
        "Real programs take longer: activations are read and written too, and no program reaches "
        "a device's peak.",
        values={
            "by_compute": bound.by_compute,
            "by_memory": bound.by_memory,
            "binds": bound.binds,
            "throughput": bound.images / bound.seconds,
        },
    )


@dataclass(frozen=True)
class Bound:
    """What a network asks for, what a device gives, and the least time that follows."""

    params: int
    macs: int  # for one image
    images: int  # in a batch
    width: int  # bytes for each weight
    gflops: int  # peak, GFLOP/s
    gbytes: int  # bandwidth, GB/s

    @property
    def flops(self) -> int:
        """Operations for the batch."""
        return 2 * self.macs * self.images

    @property
    def size(self) -> int:
        """Bytes of the weights."""
        return self.params * self.width

    @property
    def by_compute(self) -> float:
        """Seconds that the operations take at the peak."""
        return self.flops / (self.gflops * 10**9)

    @property
    def by_memory(self) -> float:
        """Seconds that reading the weights once takes."""
        return self.size / (self.gbytes * 10**9)

    @property
    def seconds(self) -> float:
        """The least time for the batch."""
        return max(self.by_compute, self.by_memory)

    @property
    def binds(self) -> str:
        """The limit that sets the least time."""
        return "compute" if self.by_compute >= self.by_memory else "memory"

    @property
    def intensity(self) -> float:
        """Operations for each byte."""
        return self.flops / self.size

    @property
    def ridge(self) -> float:
        """Operations for each byte from which on compute binds."""
        return self.gflops / self.gbytes


def _rows(bound: Bound) -> list[tuple[str, Cell, str]]:
    """Return name, way and value of each quantity."""
    work, weights = scaled(bound.flops, "FLOP"), scaled(bound.size, "B")
    peak, bandwidth = f"{number(bound.gflops)} GFLOP/s", f"{number(bound.gbytes)} GB/s"
    macs, params = (f"{number(n // 10**6)} million" for n in (bound.macs, bound.params))
    images, least = number(bound.images), duration(bound.seconds)
    rate = f"{rounded(bound.images / bound.seconds)} images/s"
    rows = [
        ("Operations", f"2 × {macs} × {images}", work),
        ("Weights", f"{params} × {bound.width} B", weights),
        ("Time by compute", f"{work} / {peak}", duration(bound.by_compute)),
        ("Time by memory", f"{weights} / {bandwidth}", duration(bound.by_memory)),
        ("Arithmetic intensity", f"{work} / {weights}", f"{rounded(bound.intensity)} FLOP/B"),
        ("Ridge point", f"{peak} / {bandwidth}", f"{rounded(bound.ridge)} FLOP/B"),
        ("Highest throughput", f"{images} / {least}", rate),
    ]
    return [(name, Cell(how, kind="how"), value) for name, how, value in rows]
