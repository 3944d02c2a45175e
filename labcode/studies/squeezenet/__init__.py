"""The study *squeezenet*."""
