"""The study *blocks*."""
