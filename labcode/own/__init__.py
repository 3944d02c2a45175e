"""A network of one's own and one's own pictures: what each method makes of them, side by side."""

from labcode.own.answer import OneAnswer
from labcode.own.choice import chosen, network
from labcode.own.pictures import Sight, pictures, sight_of
from labcode.own.table import table
from labcode.own.variants import Variant, variants

__all__ = [
    "OneAnswer",
    "Sight",
    "Variant",
    "chosen",
    "network",
    "pictures",
    "sight_of",
    "table",
    "variants",
]
