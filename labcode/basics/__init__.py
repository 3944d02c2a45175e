"""What the chapter *CNN basics* builds by hand, and the experiments that it runs on digits."""

from labcode.basics.dropping import enlarge, keep_every, keep_random, mean_groups
from labcode.basics.fields import Window, receptive_field, seen_by
from labcode.basics.local import LocallyConnected2d
from labcode.basics.neurons import convolve_by_neurons, neuron_weights
from labcode.basics.shifts import directions, place, shift
from labcode.basics.sound import sweep_1d, tones
from labcode.basics.steadiness import change_of_features, share_changed
from labcode.basics.sweep import convolve_by_sweeping

__all__ = [
    "LocallyConnected2d",
    "Window",
    "change_of_features",
    "convolve_by_neurons",
    "convolve_by_sweeping",
    "directions",
    "enlarge",
    "keep_every",
    "keep_random",
    "mean_groups",
    "neuron_weights",
    "place",
    "receptive_field",
    "seen_by",
    "share_changed",
    "shift",
    "sweep_1d",
    "tones",
]
