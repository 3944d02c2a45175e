"""The study *basics*."""
