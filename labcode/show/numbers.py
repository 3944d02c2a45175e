"""How numbers are written for readers: the one set of formats of pages, tables and notebooks.

Pure Python, standard library only: the site's calculators use it in the browser.
"""

from __future__ import annotations

import math

PREFIXES = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))
_UP = 0.9995  # from here on three digits round up to the next prefix
_NOTHING = 1e-4  # points: what is left of sums that should be zero


def number(value: int) -> str:
    """Return a whole number with its thousands set apart.

    >>> number(62378344)
    '62,378,344'
    """
    return f"{value:,}"


def rounded(value: float, digits: int = 3) -> str:
    """Return ``value`` to a few digits, and never as a power of ten.

    >>> rounded(0.36111), rounded(1234567.0), rounded(20.0)
    ('0.361', '1,234,567', '20')
    """
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def signed(points: float) -> str:
    """Return the end of an interval to one decimal, or as many as say on which side of zero it is.

    >>> signed(-1.25), signed(0.03), signed(-0.005), signed(0.0)
    ('-1.2', '+0.03', '-0.005', '+0.0')
    """
    if not _NOTHING < abs(points) < 0.05:
        return f"{points:+z.1f}"
    return f"{points:+.{-math.floor(math.log10(abs(points)))}f}"


def percent(part: float, whole: float) -> str:
    """Return a share of a whole.

    >>> percent(39, 108)
    '36.1 %'
    """
    return f"{rounded(100 * part / whole)} %"


def spread(mean: float, deviation: float, places: int = 2, *, space: str = " ") -> str:
    """Return the mean of shares with their standard deviation, in percent.

    Args:
        mean: From 0 to 1.
        deviation: From 0 to 1.
        places: Digits after the point.
        space: What stands after the sign and before the unit; one that does not break keeps
            both numbers in one line.

    >>> spread(0.978667, 0.0011547)
    '97.87 ± 0.12 %'
    """
    return f"{100 * mean:.{places}f} ±{space}{100 * deviation:.{places}f}{space}%"


def scaled(value: float, unit: str = "") -> str:
    """Return ``value`` with the prefix of its unit that keeps it short.

    >>> scaled(1_428_000_000, "FLOP"), scaled(244.4e6, "B"), scaled(999_999)
    ('1.43 GFLOP', '244 MB', '1 M')
    """
    size, prefix = prefix_of(value)
    return f"{rounded(value / size)} {prefix}{unit}".rstrip()


def humanise(value: float) -> str:
    """Return a count with just three digits and a prefix, so that a column of them lines up.

    Args:
        value: A count, zero or more.

    Returns:
        The number with k, M, G or T (thousand, million, ...), or plain below a thousand.

    >>> humanise(1_814_073_344), humanise(999), humanise(999_999)
    ('1.81 G', '999', '1.00 M')
    """
    if value < 1000:
        return f"{value:g}"
    size, prefix = prefix_of(value)
    short = value / size
    digits = 2 if short < 9.995 else 1 if short < 99.95 else 0
    return f"{short:.{digits}f} {prefix}"


def prefix_of(value: float) -> tuple[int, str]:
    """Return the size and the prefix that keep a value short.

    >>> prefix_of(2_500_000), prefix_of(12)
    ((1000000, 'M'), (1, ''))
    """
    return next(((s, p) for s, p in PREFIXES if value >= s * _UP and value >= 1000), (1, ""))


def exact(value: int) -> str:
    """Return an integer with thousands marked, and in short form from a million on.

    >>> exact(11_689_512), exact(108)
    ('11,689,512 (11.7 M)', '108')
    """
    return number(value) + (f" ({humanise(value)})" if value >= 10**6 else "")


def share(part: float, whole: float) -> float:
    """Return part / whole between 0 and 1; 0 where the whole is 0."""
    return min(max(part / whole, 0.0), 1.0) if whole else 0.0


def log_share(value: float, largest: float) -> float:
    """Return how long a bar on a logarithmic scale is, from 0 for 1 to 1 for ``largest``.

    >>> log_share(1000, 1_000_000)
    0.5
    """
    if value <= 1 or largest <= 1:
        return float(value >= largest > 0)
    return math.log(value) / math.log(largest)


def times(*factors: int | str) -> str:
    """Return a product as it is written by hand.

    >>> times(4, 3, "3²")
    '4 × 3 × 3²'
    """
    return " × ".join(number(f) if isinstance(f, int) else f for f in factors)


def plural(count: int, noun: str) -> str:
    """Return a number of things.

    >>> plural(1, "group"), plural(1200, "image")
    ('1 group', '1,200 images')
    """
    return f"{number(count)} {noun}" + "s" * (count != 1)


def duration(seconds: float) -> str:
    """Return a time in the unit that keeps it short.

    >>> duration(0.0143), duration(2.5), duration(3e-6)
    ('14.3 ms', '2.5 s', '3 µs')
    """
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= size:
            return f"{rounded(seconds / size)} {unit}"
    return f"{rounded(seconds / 1e-9)} ns"
