"""Trained weights that come with the course."""
