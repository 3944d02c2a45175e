"""The study *low rank*."""
