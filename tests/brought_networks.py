"""One small network of each kind that users bring, by its name; each takes (3, 8, 8)."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations

SHAPE = (3, 8, 8)


class Net(nn.Module):
    """Layers by name, and a function of the network and its inputs."""

    def __init__(self, run, **layers):
        super().__init__()
        self.run = run
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, *inputs):
        return self.run(self, *inputs)


def plain(**changes):
    layers = {"c": nn.Conv2d(3, 8, 3), "n": nn.BatchNorm2d(8), "o": nn.Linear(8, 4)} | changes
    return Net(lambda self, x: self.o(F.relu(self.n(self.c(x))).mean((2, 3))), **layers).eval()


def two_answers(kind):
    def run(self, x):
        h = F.relu(self.c(x)).mean((2, 3))
        return kind(self.o(h), self.p(h))

    return Net(run, c=nn.Conv2d(3, 8, 3), o=nn.Linear(8, 4), p=nn.Linear(8, 2)).eval()


def with_zero_filters():
    net = plain()
    nn.init.zeros_(net.c.weight)
    return net


def with_nan():
    net = plain()
    with torch.no_grad():
        net.c.weight[0] = torch.nan
    return net


def hooked():
    net = plain()
    net.n.register_forward_hook(lambda *_: None)
    return net


def after_a_step(net):
    """In the middle of training, when weights are computed with a history."""
    net(torch.rand(4, *SHAPE)).sum().backward()
    return net


def with_autocast():
    def run(self, x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            h = F.relu(self.c(x))
        return self.o(h.float().mean((2, 3)))

    return Net(run, c=nn.Conv2d(3, 8, 3), o=nn.Linear(8, 4)).eval()


def twice():
    def run(self, x):
        return self.o(F.relu(self.c(F.relu(self.n(self.c(x))))).flatten(1))

    return Net(
        run, c=nn.Conv2d(3, 3, 3, padding=1), n=nn.BatchNorm2d(3), o=nn.Linear(192, 4)
    ).eval()


def tied():
    net = Net(
        lambda self, x: self.o(F.relu(self.b(F.relu(self.a(x.mean(1).flatten(1)))))),
        a=nn.Linear(64, 64), b=nn.Linear(64, 64), o=nn.Linear(64, 4),
    )  # fmt: skip
    net.b.weight = net.a.weight
    return net.eval()


def with_training_branch():
    def run(self, x):
        h = F.relu(self.c(x)).mean((2, 3))
        return (self.o(h), self.aux(h)) if self.training else self.o(h)

    return Net(run, c=nn.Conv2d(3, 8, 3), aux=nn.Linear(8, 5), o=nn.Linear(8, 5)).eval()


def idle():
    net = plain()
    net.spare = nn.Linear(3, 3)
    return net


def attention():
    inner = nn.TransformerEncoderLayer(64, 2, 16, batch_first=True, dropout=0.0)
    return nn.Sequential(nn.Flatten(2), inner, nn.Flatten(), nn.Linear(192, 4)).eval()


class Own(nn.Module):
    """A module that uses its parameters without a layer."""

    def __init__(self, run, **parameters):
        super().__init__()
        self.run = run
        for name, parameter in parameters.items():
            held = isinstance(parameter, nn.Module)
            setattr(self, name, parameter if held else nn.Parameter(parameter))

    def forward(self, x):
        return self.run(self, x)


def numbers(*shape):
    return torch.rand(shape) + 0.5


def bare_at_the_top():
    net = plain()
    net.shift, net.last = nn.Parameter(numbers(1, 8, 1, 1)), nn.Parameter(numbers(8, 4))
    net.run = lambda self, x: F.relu(self.n(self.c(x)) + self.shift).mean((2, 3)) @ self.last
    del net.o
    return net


def around(layer, channels=8):
    """Convolutions before and behind a layer that cannot be cut."""

    def run(self, x):
        return self.o(
            F.relu(self.d(F.relu(self.n(F.relu(self.c(F.relu(self.b(x)))))))).mean((2, 3))
        )

    return Net(
        run, b=nn.Conv2d(3, 6, 1), c=nn.Conv2d(6, 8, 1), n=layer, d=nn.Conv2d(channels, 10, 1),
        o=nn.Linear(10, 4),
    ).eval()  # fmt: skip


def mean_of(run, **layers):
    """The means of what a function makes of the image, and a linear layer behind them."""
    return Net(lambda self, x: self.o(run(self, x).mean((2, 3))), **layers).eval()


def with_order(*, matrix=False):
    net = mean_of(
        lambda self, x: F.relu(self.c(x))[:, self.order.flatten()],
        c=nn.Conv2d(3, 8, 1), o=nn.Linear(8, 4),
    )  # fmt: skip
    order = torch.randperm(8).view(2, 4) if matrix else torch.randperm(8)
    net.order = nn.Parameter(order, requires_grad=False)
    return net


def in_frequencies():
    net = mean_of(
        lambda self, x: torch.fft.irfft2(torch.fft.rfft2(self.c(x)) * self.f),
        c=nn.Conv2d(3, 8, 1), o=nn.Linear(8, 4),
    )  # fmt: skip
    net.f = nn.Parameter(torch.rand(8, 8, 5, dtype=torch.complex64))
    return net


class CrossAttention(nn.Module):
    """Queries of one width, keys and values of another."""

    def __init__(self):
        super().__init__()
        self.first, self.p, self.o = nn.Linear(64, 20), nn.Linear(20, 16), nn.Linear(16, 4)
        self.a = nn.MultiheadAttention(16, 4, kdim=64, vdim=64, batch_first=True)

    def forward(self, x):
        rows = x.flatten(2)
        found = self.a(self.p(F.relu(self.first(rows))), rows, rows, need_weights=False)
        return self.o(found[0].mean(1))


def shared_norm():
    return mean_of(
        lambda self, x: self.n(self.d(F.relu(self.n(self.c(x))))),
        c=nn.Conv2d(3, 8, 1), d=nn.Conv2d(8, 8, 1), n=nn.BatchNorm2d(8), o=nn.Linear(8, 4),
    )  # fmt: skip


BROUGHT = {
    "plain": plain,
    "a chain": lambda: nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 4)
    ),
    "one layer": lambda: nn.Sequential(nn.Flatten(), nn.Linear(192, 4)),
    "no layer": lambda: nn.Sequential(nn.ReLU(), nn.Flatten()),
    "a tuple": lambda: two_answers(lambda a, b: (a, b)),
    "a dict": lambda: two_answers(lambda a, b: {"a": a, "b": b}),
    "half": lambda: plain().half(),
    "bfloat16": lambda: plain().bfloat16(),
    "double": lambda: plain().double(),
    "scripted": lambda: torch.jit.script(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))),
    "quantized": lambda: torch.ao.quantization.quantize_dynamic(
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 4)), {nn.Linear}
    ),
    "lazy": lambda: plain(o=nn.LazyLinear(4)),
    "zero filters": with_zero_filters,
    "NaN": with_nan,
    "hooked": hooked,
    "no statistics": lambda: plain(n=nn.BatchNorm2d(8, track_running_stats=False)),
    "weight norm": lambda: plain(c=parametrizations.weight_norm(nn.Conv2d(3, 8, 3))),
    "old spectral norm": lambda: plain(c=nn.utils.spectral_norm(nn.Conv2d(3, 8, 3))),
    "wrapped": lambda: nn.DataParallel(plain()),
    "in training": lambda: after_a_step(plain(c=nn.utils.weight_norm(nn.Conv2d(3, 8, 3)))),
    "autocast": with_autocast,
    "twice": twice,
    "tied": tied,
    "training branch": with_training_branch,
    "idle": idle,
    "grouped": lambda: plain(
        c=nn.Conv2d(3, 9, 3, groups=3), n=nn.BatchNorm2d(9), o=nn.Linear(9, 4)
    ),
    "transposed": lambda: plain(c=nn.ConvTranspose2d(3, 8, 3)),
    "group norm": lambda: plain(n=nn.GroupNorm(2, 8)),
    "attention": attention,
    "cross attention": CrossAttention,
    "whole numbers": with_order,
    "matrix of whole numbers": lambda: with_order(matrix=True),
    "complex": in_frequencies,
    "no numbers": lambda: plain(spare=nn.ParameterList([torch.zeros(0, 3)])),
    "shared norm": shared_norm,
    "norm of several machines": lambda: plain(n=nn.SyncBatchNorm(8)),
    "scripted part": lambda: plain(n=torch.jit.script(nn.Sequential(nn.BatchNorm2d(8)))),
    "pixels shuffled": lambda: mean_of(
        lambda self, x: self.d(F.pixel_shuffle(self.c(F.relu(self.b(x))), 2)),
        b=nn.Conv2d(3, 6, 1),
        c=nn.Conv2d(6, 8, 1),
        d=nn.Conv2d(2, 6, 1),
        o=nn.Linear(6, 4),
    ),
    "gated": lambda: mean_of(
        lambda self, x: F.glu(self.c(x), 1), c=nn.Conv2d(3, 8, 1), o=nn.Linear(4, 4)
    ),
    "chance": lambda: mean_of(
        lambda self, x: F.dropout(F.relu(self.c(x)), training=True),
        c=nn.Conv2d(3, 8, 1),
        o=nn.Linear(8, 4),
    ),
    "bare at the top": bare_at_the_top,
    "bare filter": lambda: around(Own(lambda self, x: F.conv2d(x, self.w), w=numbers(8, 8, 1, 1))),
    "bare vector": lambda: around(Own(lambda self, x: x * self.g.view(-1, 1, 1), g=numbers(8))),
    "bare list": lambda: around(
        Own(
            lambda self, x: x * self.p[0] + self.p[1],
            p=nn.ParameterList([numbers(8, 8), numbers(8)]),
        )
    ),
    "bare dict": lambda: around(
        Own(lambda self, x: x @ self.p["a"], p=nn.ParameterDict({"a": numbers(8, 8)}))
    ),
    "around groups": lambda: around(nn.Conv2d(8, 8, 3, padding=1, groups=4)),
    "around a multiplier": lambda: around(nn.Conv2d(8, 16, 1, groups=8), 16),
    "through depthwise": lambda: around(nn.Conv2d(8, 8, 3, groups=8)),
    "around a sigmoid": lambda: around(nn.Sigmoid()),
    "around a transposed": lambda: around(nn.ConvTranspose2d(8, 8, 2)),
}
"""Name of a kind to what makes it."""
