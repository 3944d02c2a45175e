"""Every method on many architectures: what a reader's own network will meet."""
