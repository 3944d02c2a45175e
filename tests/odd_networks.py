"""Networks as users bring them, drawn at random: layers that run twice, under two names, tied …"""

import torch
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

WIDTH, SIZE = 4, 6
SHAPE = (WIDTH, SIZE, SIZE)


class OwnLinear(nn.Linear):
    """As timm has one: a forward of its own that does nothing else."""

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


class NormAct(nn.BatchNorm2d):
    """As timm has them: a norm that runs the activation in it."""

    def __init__(self, channels: int, act: nn.Module) -> None:
        super().__init__(channels)
        self.drop, self.act = nn.Identity(), act

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.drop(super().forward(x)))


class Bare(nn.Module):
    """A parameter in no layer: a factor for each channel, or a matrix over the last dimension."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.rand(shape) + 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.factor if self.factor.ndim == 2 else x * self.factor


LAYERS = {
    "bare factor": lambda: Bare(WIDTH, 1, 1),
    "bare vector": lambda: Bare(SIZE),
    "bare matrix": lambda: Bare(SIZE, SIZE),
    "conv": lambda: nn.Conv2d(WIDTH, WIDTH, 3, padding=1),
    "no bias": lambda: nn.Conv2d(WIDTH, WIDTH, 1, bias=False),
    "grouped": lambda: nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=2),
    "depthwise": lambda: nn.Conv2d(WIDTH, WIDTH, 3, padding="same", dilation=2, groups=WIDTH),
    "transposed": lambda: nn.ConvTranspose2d(WIDTH, WIDTH, 3, padding=1, groups=2),
    "linear": lambda: nn.Linear(SIZE, SIZE),  # over the last dimension
    "own linear": lambda: OwnLinear(SIZE, SIZE),
    "weight norm": lambda: nn.utils.parametrizations.weight_norm(nn.Conv2d(WIDTH, WIDTH, 1)),
    "spectral norm": lambda: nn.utils.parametrizations.spectral_norm(nn.Conv2d(WIDTH, WIDTH, 1)),
    "old weight norm": lambda: nn.utils.weight_norm(nn.Conv2d(WIDTH, WIDTH, 1)),
    "conv1d": lambda: nn.Conv1d(WIDTH, WIDTH, 3, padding=1),
    "norm": lambda: nn.BatchNorm2d(WIDTH),
    "no statistics": lambda: nn.BatchNorm2d(WIDTH, track_running_stats=False),
    "norm with ReLU": lambda: NormAct(WIDTH, nn.ReLU(inplace=True)),
    "not affine": lambda: nn.BatchNorm2d(WIDTH, affine=False),
    "group norm": lambda: nn.GroupNorm(2, WIDTH),
}
IN_A_CHAIN = ("conv", "no bias", "grouped", "depthwise")
HOW = ("plain", "plain", "twice", "again", "alias", "tied", "added in place")
PLAIN = ("relu", "relu in place", "pool", "dropout")
Program = list[tuple[str, str]]


class Odd(nn.Module):
    """Runs a program: names of layers with the way in which they are used, and plain steps."""

    def __init__(self, program: Program, *, pool: dict[str, int | bool] | None = None) -> None:
        super().__init__()
        self.pool = pool or {"kernel_size": 3, "stride": 1, "padding": 1}
        self.todo: list[tuple[str, str]] = []
        for place, (kind, how) in enumerate(program):
            name = f"{place}"
            if kind in LAYERS:
                name = self._add(name, kind, how)
            self.todo.append((name if kind in LAYERS else kind, how))
        with torch.no_grad():
            channels = self.body(torch.zeros(2, *SHAPE)).flatten(1).shape[1]
        self.head = nn.Linear(channels, 5)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d) and module.running_var is not None:
                nn.init.uniform_(module.running_mean, -0.5, 0.5)
                nn.init.uniform_(module.running_var, 0.3, 2)
        self.eval()

    def _add(self, name: str, kind: str, how: str) -> str:
        made = LAYERS[kind]()
        earlier = [n for n, m in self.named_children() if type(m) is type(made)]
        if how == "again" and earlier:
            return earlier[0]
        if how == "alias" and earlier:
            made = getattr(self, earlier[0])
        own = "weight" in made._parameters and made.weight is not None
        if how == "tied" and own:
            for other in earlier:
                theirs = getattr(self, other)._parameters.get("weight")
                if theirs is not None and theirs.shape == made.weight.shape:
                    made.weight = theirs
        self.add_module(name, made)
        return name

    def body(self, x: Tensor) -> Tensor:
        for name, how in self.todo:
            if name == "pool":
                x = F.max_pool2d(x, **self.pool)
            elif name == "dropout":
                x = F.dropout(x, training=self.training)
            elif name.startswith("relu"):
                x = F.relu(x, inplace=name != "relu") if name == "relu" else (x * 1).relu_()
            else:
                layer = getattr(self, name)
                for _ in range(2 if how == "twice" else 1):
                    y = self.one(layer, x)
                    if how == "added in place":
                        x = x * 1
                        x += y
                    else:
                        x = y
        return x

    def one(self, layer: nn.Module, x: Tensor) -> Tensor:
        if isinstance(layer, nn.Conv1d):
            return layer(x.flatten(2)).view_as(x)
        return layer(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).flatten(1))


class Chain(Odd):
    """The same, with nothing between the steps that a chain of operations does not hold."""

    def body(self, x: Tensor) -> Tensor:
        for name, how in self.todo:
            if name == "pool":
                x = F.max_pool2d(x, **self.pool)
            elif name == "dropout":
                x = F.dropout(x, training=self.training)
            elif name.startswith("relu"):
                x = F.relu(x, inplace=name != "relu")
            else:
                for _ in range(2 if how == "twice" else 1):
                    x = getattr(self, name)(x)
        return x

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x)
        return self.head(x.view(x.shape[0], -1))


@st.composite
def odd_networks(draw: st.DrawFn, *, matrices: bool = False) -> tuple[Program, int]:
    """Draw a program and the seed of its weights; with matrices it may be one that int8 refuses."""
    layers = [kind for kind in LAYERS if matrices or kind != "bare matrix"]
    step = st.tuples(st.sampled_from([*layers, *PLAIN]), st.sampled_from(HOW))
    return draw(st.lists(step, min_size=1, max_size=5)), draw(st.integers(0, 999))


@st.composite
def chains(draw: st.DrawFn) -> tuple[Program, int, dict[str, int | bool]]:
    """Draw a program for `Chain`, a seed, and how it pools."""
    step = st.tuples(st.sampled_from(IN_A_CHAIN), st.sampled_from(HOW[:-1]))
    program: Program = []
    for layer in draw(st.lists(step, min_size=1, max_size=3)):
        program += [layer, *((kind, "plain") for kind in draw(AFTER))]
    kernel = draw(st.integers(1, 3))
    pool = {
        "kernel_size": kernel,
        "stride": draw(st.integers(1, 3)),
        "padding": draw(st.integers(0, kernel // 2)),
        "dilation": draw(st.integers(1, 1 if kernel == 3 else 2)),
        "ceil_mode": draw(st.booleans()),
    }
    return program, draw(st.integers(0, 999)), pool


AFTER = st.sampled_from([(), ("relu",), ("relu in place",), ("relu", "dropout"), ("dropout",)])


def built(kind: type[Odd], program: Program, seed: int, **how: object) -> Odd:
    """Return the network of a program, its weights drawn with a seed."""
    torch.manual_seed(seed)
    return kind(program, **how)  # type: ignore[arg-type]
