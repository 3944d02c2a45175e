"""The study *mobilenet*."""
