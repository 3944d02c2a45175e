"""The study *senet*."""
