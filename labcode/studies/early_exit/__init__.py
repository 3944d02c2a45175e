"""The study *early exit*."""
