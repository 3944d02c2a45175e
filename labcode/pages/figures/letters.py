"""How wide words are, near enough to lay out a drawing: the widths of Arial and Helvetica."""

from __future__ import annotations

SIZE = 13.0  # of all words in a drawing, in pixels
BOLD = 1.1  # how much wider bold letters are, at most
SPARE = 1.16  # for systems without Arial, whose sans serif is wider (DejaVu, Verdana)

# Thousandths of the letters' size -> the letters; all others are taken as wide as a digit or more.
_WIDTHS = {
    191: "'",
    222: "ijl",
    278: " !,./:;I[\\]ft·",
    334: "()-`r²{}",
    389: '*"',
    500: "Jcksvxyz",
    556: "#$0123456789?Labdeghnopqu_–",
    584: "+<=>~×−",
    611: "FTZ",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQ",
    833: "Mm",
    944: "W",
    1000: "→←↓%",
}
_OF = {letter: width for width, letters in _WIDTHS.items() for letter in letters}
_OTHER = 700


def width_of(text: str, *, bold: bool = False) -> float:
    """Return about how wide a line of words is, in pixels.

    Source: the metrics that PDF readers hold for Helvetica, which Arial and Liberation Sans share.

    >>> round(width_of("1 × 1"), 1)
    34.0
    """
    wide = SPARE * SIZE / 1000 * sum(_OF.get(letter, _OTHER) for letter in text)
    return wide * (BOLD if bold else 1.0)
