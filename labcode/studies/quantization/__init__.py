"""The study *quantization*."""
