"""The study *clothes*."""
