"""The exercises of each chapter: what is right, what is wrong and why, and what helps."""
