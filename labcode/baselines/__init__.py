"""The uncompressed networks that every later chapter starts from and compares with."""

from labcode.baselines.recipes import RECIPES, Recipe, recipe
from labcode.baselines.store import BaselineError, Result, load, provenance, results

__all__ = [
    "RECIPES",
    "BaselineError",
    "Recipe",
    "Result",
    "load",
    "provenance",
    "recipe",
    "results",
]
