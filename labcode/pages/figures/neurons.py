"""Small networks of neurons: with weights cut, with a neuron cut, a lottery ticket, and DSD."""

from __future__ import annotations

from collections.abc import Mapping, Set

from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import heading, lines, words
from labcode.show.pictures import Circle, Line, Picture, Shape

LAYERS = (4, 4, 2)  # neurons
WIDTH, GAP, ACROSS, TOP = 164.0, 36.0, 58.0, 26.0  # pixels: of a panel, between neurons, layers
RADIUS = 10.0

Edge = tuple[int, int, int]  # layer, neuron that sends, neuron that receives
EDGES: tuple[Edge, ...] = tuple(
    (layer, sender, receiver)
    for layer in range(len(LAYERS) - 1)
    for sender in range(LAYERS[layer])
    for receiver in range(LAYERS[layer + 1])
)
# Weights that are cut: the first neuron keeps two inputs, the second four.
THIN: frozenset[Edge] = frozenset(
    {(0, 1, 0), (0, 2, 0), (0, 0, 2), (0, 3, 3), (0, 2, 3), (0, 1, 2), (1, 1, 0), (1, 3, 1)}
)
GONE = (1, 2)  # the neuron that is cut: its layer and its place


def irregular_and_cut() -> Figure:
    """Draw a network without some weights beside one without a whole neuron.

    The number in a neuron says how many inputs it has left.

    >>> for panel in irregular_and_cut().panels:
    ...     print(panel.label)
    Weights cut: 16 of 24 weights are left; the neurons in the middle have 2, 4, 2, 2 inputs.
    A neuron cut: 18 of 24 weights are left; the neurons in the middle have 4, 4, 4 inputs.
    """
    thinned = {edge for edge in EDGES if edge not in THIN}
    whole = {edge for edge in EDGES if not _touches(edge)}
    return Figure(
        (
            _counted("Weights cut", thinned, "irregular"),
            _counted("A neuron cut", whole, "a smaller network"),
        )
    )


Step = tuple[str, str, str, Set[Edge], Mapping[Edge, str]]
"""A title, two lines of words, the weights that are there, and the tones of some of them."""


def lottery_ticket() -> Figure:
    """Draw how a winning ticket is found, and its control with new first values.

    Source: Frankle and Carbin, "The Lottery Ticket Hypothesis" (arXiv:1803.03635), section 1.

    >>> print(lottery_ticket().panels[3].label)
    4. rewound: they get their first values again, and train; 16 of 24 weights.
    """
    dense, sparse = set(EDGES), set(EDGES) - THIN
    first, trained, new = (dict.fromkeys(EDGES, tone) for tone in "acb")
    return _steps(
        ("1. first values", "drawn at random,", "and noted down", dense, first),
        ("2. trained", "all weights", "have moved", dense, trained),
        ("3. cut", "the smallest go,", "the others stay", sparse, trained),
        ("4. rewound", "they get their first", "values again, and train", sparse, first),
        ("control", "they get new first", "values, and train", sparse, new),
    )


def dense_sparse_dense() -> Figure:
    """Draw the three steps of DSD: train, prune and train, let the pruned weights grow again.

    Source: Han et al., "DSD: Dense-Sparse-Dense Training" (arXiv:1607.04381), figure 1.

    >>> [panel.label for panel in dense_sparse_dense().panels][1]
    '2. sparse: cut the smallest, train the rest; 16 of 24 weights.'
    """
    dense, sparse = set(EDGES), set(EDGES) - THIN
    grown = dict.fromkeys(THIN, "b")
    return _steps(
        ("1. dense", "train", "all weights", dense, {}),
        ("2. sparse", "cut the smallest,", "train the rest", sparse, {}),
        ("3. dense again", "the cut ones start at 0,", "train all", dense, grown),
    )


def _steps(*steps: Step) -> Figure:
    """Return one network after the other, each with what is done to it."""
    return Figure(
        tuple(
            _picture(
                f"{title}: {first} {second}; {len(kept)} of {len(EDGES)} weights.",
                [heading(WIDTH / 2, 12, title), *_network(kept, tones)],
                (first, second),
            )
            for title, first, second, kept, tones in steps
        )
    )


def _touches(edge: Edge) -> bool:
    """Tell whether an edge starts or ends at the neuron that is cut."""
    layer, sender, receiver = edge
    return (layer, sender) == GONE or (layer + 1, receiver) == GONE


def _counted(title: str, kept: Set[Edge], said: str) -> Picture:
    """Return a network with the number of inputs in each neuron of the middle."""
    inputs = [sum(e[0] == 0 and e[2] == neuron for e in kept) for neuron in range(LAYERS[1])]
    shapes: list[Shape] = [heading(WIDTH / 2, 12, title), *_network(kept, {})]
    shapes += [words(_x(1), _y(1, at), str(count)) for at, count in enumerate(inputs) if count]
    count = f"{len(kept)} of {len(EDGES)} weights"
    middle = ", ".join(str(number) for number in inputs if number)
    label = f"{title}: {count} are left; the neurons in the middle have {middle} inputs."
    return _picture(label, shapes, (count, said))


def _picture(label: str, shapes: list[Shape], said: tuple[str, str]) -> Picture:
    foot = TOP + GAP * max(LAYERS) + 10
    return Picture(WIDTH, foot + 28, label, (*shapes, *lines(WIDTH / 2, foot, said)))


def _x(layer: int) -> float:
    return WIDTH / 2 + (layer - 1) * ACROSS


def _y(layer: int, neuron: int) -> float:
    return TOP + GAP * (neuron + 0.5 + (max(LAYERS) - LAYERS[layer]) / 2)


def _network(kept: Set[Edge], tones: Mapping[Edge, str]) -> list[Shape]:
    """Return the neurons and the weights between them; one without any weight is a dashed ring."""
    shapes: list[Shape] = [
        Line(
            f"wire {tones.get(edge, 'a')}",
            _x(edge[0]),
            _y(edge[0], edge[1]),
            _x(edge[0] + 1),
            _y(edge[0] + 1, edge[2]),
        )
        for edge in EDGES
        if edge in kept
    ]
    alive = {end for edge in kept for end in ((edge[0], edge[1]), (edge[0] + 1, edge[2]))}
    for layer, count in enumerate(LAYERS):
        for neuron in range(count):
            style = "dot" if (layer, neuron) in alive else "ghost"
            shapes.append(Circle(style, _x(layer), _y(layer, neuron), RADIUS))
    return shapes
