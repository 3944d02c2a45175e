"""From a count of multiply-adds to operations, bytes and the least time that they can take."""

from __future__ import annotations

from dataclasses import dataclass

from labcode._checks import check_int
from labcode.pages.calculators.roof import roof
from labcode.pages.live.draw import Tone, rounded, scaled, tinted
from labcode.pages.live.result import Result

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

    >>> print(counts())
    At least 14.3 ms for 1 image: compute binds.
    operations: 2 × 714 million × 1 = 1.43 GFLOP
    weights: 61 million × 4 B = 244 MB
    time by compute: 1.43 GFLOP / 100 GFLOP/s = 14.3 ms
    time by memory: 244 MB / 20 GB/s = 12.2 ms
    arithmetic intensity: 1.43 GFLOP / 244 MB = 5.85 FLOP/B
    ridge point: 100 GFLOP/s / 20 GB/s = 5 FLOP/B
    highest throughput: 1 / 14.3 ms = 70 images/s
    """
    bound = Bound(
        check_int("mega_params", mega_params) * 10**6,
        check_int("mega_macs", mega_macs) * 10**6,
        check_int("batch_size", batch_size),
        _bytes_of(precision),
        check_int("peak_gflops", peak_gflops),
        check_int("gbytes_per_second", gbytes_per_second),
    )
    rows, lead = _rows(bound), _lead(bound)
    text = [lead, *(f"{name}: {how} = {value}" for name, how, value in rows)]
    return Result(_html(lead, rows, bound), "\n".join(text))


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


def _bytes_of(precision: str) -> int:
    if precision not in BYTES:
        raise ValueError(f"precision must be one of {', '.join(BYTES)}, got {precision!r}")
    return BYTES[precision]


def _lead(bound: Bound) -> str:
    images = f"{bound.images:,} image" + "s" * (bound.images > 1)
    return f"At least {duration(bound.seconds)} for {images}: {bound.binds} binds."


def _rows(bound: Bound) -> list[tuple[str, str, str]]:
    """Return name, way and value of each quantity."""
    work, weights = scaled(bound.flops, "FLOP"), scaled(bound.size, "B")
    peak, bandwidth = f"{bound.gflops:,} GFLOP/s", f"{bound.gbytes:,} GB/s"
    macs, params = f"{bound.macs // 10**6:,} million", f"{bound.params // 10**6:,} million"
    least = duration(bound.seconds)
    return [
        ("operations", f"2 × {macs} × {bound.images:,}", work),
        ("weights", f"{params} × {bound.width} B", weights),
        ("time by compute", f"{work} / {peak}", duration(bound.by_compute)),
        ("time by memory", f"{weights} / {bandwidth}", duration(bound.by_memory)),
        ("arithmetic intensity", f"{work} / {weights}", f"{rounded(bound.intensity)} FLOP/B"),
        ("ridge point", f"{peak} / {bandwidth}", f"{rounded(bound.ridge)} FLOP/B"),
        (
            "highest throughput",
            f"{bound.images:,} / {least}",
            f"{rounded(bound.images / bound.seconds)} images/s",
        ),
    ]


def duration(seconds: float) -> str:
    """Return a time in the unit that keeps it short.

    >>> duration(0.0143), duration(2.5), duration(3e-6)
    ('14.3 ms', '2.5 s', '3 µs')
    """
    for factor, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= factor:
            return f"{rounded(seconds / factor)} {unit}"
    return f"{rounded(seconds / 1e-9)} ns"


def _html(lead: str, rows: list[tuple[str, str, str]], bound: Bound) -> str:
    body = "\n".join(
        f'<tr><th scope="row">{name[0].upper()}{name[1:]}</th>'
        f'<td><b>{value}</b></td><td class="live-how">{how}</td></tr>'
        for name, how, value in rows
    )
    tone: Tone = "a" if bound.binds == "compute" else "b"
    picture = tinted(roof(bound.intensity, bound.ridge), tone)
    return (
        f'<p class="live-lead">{lead}</p>\n<div class="live-beside">{picture}\n'
        f'<table class="live-table live-list"><tbody>{body}</tbody></table></div>\n'
        '<p class="live-caption">Real programs take longer: activations are read and written '
        "too, and no program reaches a device's peak.</p>"
    )
