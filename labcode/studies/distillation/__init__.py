"""The study *distillation*."""
