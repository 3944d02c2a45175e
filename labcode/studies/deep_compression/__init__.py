"""The study *deep compression*."""
