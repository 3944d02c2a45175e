"""The study *shufflenet*."""
