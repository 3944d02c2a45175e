"""The study *clock*: how long whole networks take, each in turn with the others."""
