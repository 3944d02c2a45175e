"""How numbers, tables and pictures look. Pure Python, so that it runs in a browser too."""

from labcode.show.numbers import exact, humanise, percent, rounded
from labcode.show.pictures import Picture, svg
from labcode.show.plotting import label_line, use_house_style
from labcode.show.tables import Cell, Head, Table, html_table, text_table

__all__ = [
    "Cell",
    "Head",
    "Picture",
    "Table",
    "exact",
    "html_table",
    "humanise",
    "label_line",
    "percent",
    "rounded",
    "svg",
    "text_table",
    "use_house_style",
]
