"""The study *pruning*."""
