"""The uncompressed networks that every later chapter starts from and compares with."""

from labcode.weights.baselines.recipes import RECIPES, Recipe, recipe
from labcode.weights.baselines.stored import Result, load, provenance, results

__all__ = [
    "RECIPES",
    "Recipe",
    "Result",
    "load",
    "provenance",
    "recipe",
    "results",
]
