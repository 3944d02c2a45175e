"""More networks as users bring them: what they hold, and what they do behind a layer's back."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrize
from torch.utils.checkpoint import checkpoint

from tests.brought_networks import Net, mean_of, plain


def tied_filters():
    net = mean_of(
        lambda self, x: self.b(F.relu(self.a(F.relu(self.i(x))))),
        i=nn.Conv2d(3, 8, 1), a=nn.Conv2d(8, 8, 3), b=nn.Conv2d(8, 8, 3), o=nn.Linear(8, 4),
    )  # fmt: skip
    net.b.weight = net.a.weight
    return net


class Containers(nn.Module):
    """Layers in a dict of lists of dicts, and one in a plain list, which PyTorch does not see."""

    def __init__(self):
        super().__init__()
        inner = nn.ModuleDict({"norm": nn.BatchNorm2d(8)})
        self.parts = nn.ModuleDict({"x": nn.ModuleList([nn.Conv2d(3, 8, 3), inner])})
        self.hidden, self.o = [nn.Linear(8, 8)], nn.Linear(8, 4)

    def forward(self, x):
        conv, inner = self.parts["x"]
        return self.o(self.hidden[0](F.relu(inner["norm"](conv(x))).mean((2, 3))))


class OwnNorm(nn.Module):
    """A batch norm without a module."""

    def __init__(self):
        super().__init__()
        self.c, self.o = nn.Conv2d(3, 8, 3, bias=False), nn.Linear(8, 4)
        self.scale, self.shift = nn.Parameter(torch.rand(8) + 0.5), nn.Parameter(torch.rand(8))
        self.register_buffer("mean", torch.rand(8))
        self.register_buffer("variance", torch.rand(8) + 0.5)

    def forward(self, x):
        stored = (self.mean, self.variance, self.scale, self.shift, self.training)
        return self.o(F.relu(F.batch_norm(self.c(x), *stored)).mean((2, 3)))


class Remembering(nn.Module):
    """It subtracts a mean of all that it has seen, in evaluation too."""

    def __init__(self):
        super().__init__()
        self.c, self.o = nn.Conv2d(3, 8, 3), nn.Linear(8, 4)
        self.register_buffer("mean", torch.zeros(8, 1, 1))

    def forward(self, x):
        h = F.relu(self.c(x))
        self.mean = 0.9 * self.mean + 0.1 * h.detach().mean((0, 2, 3))[:, None, None]
        return self.o((h - self.mean).mean((2, 3)))


class Adapted(nn.Linear):
    """A linear layer with two small matrices beside it, as in LoRA."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.down, self.up = (
            nn.Parameter(torch.rand(2, inputs)),
            nn.Parameter(torch.rand(outputs, 2)),
        )

    def forward(self, x):
        return super().forward(x) + x @ self.down.T @ self.up.T


class LowRank(nn.Module):
    """What a parametrization adds to a weight."""

    def __init__(self, weight):
        super().__init__()
        self.up = nn.Parameter(torch.rand(len(weight), 2))
        self.down = nn.Parameter(torch.rand(2, weight[0].numel()))

    def forward(self, weight):
        return weight + (self.up @ self.down).view_as(weight)


def adapted_weight():
    net = plain()
    parametrize.register_parametrization(net.c, "weight", LowRank(net.c.weight))
    return net


class Standardized(nn.Conv2d):
    """Its filters have mean 0 and deviation 1 before each run."""

    def forward(self, x):
        axes = (1, 2, 3)
        weight = self.weight - self.weight.mean(axes, keepdim=True)
        weight = weight / (weight.std(axes, keepdim=True) + 1e-5)
        return F.conv2d(x, weight, self.bias)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.c, self.r = nn.Conv2d(3, 8, 3), nn.GRU(8, 6, batch_first=True)
        self.o = nn.Linear(6, 4)

    def forward(self, x):
        return self.o(self.r(self.c(x).flatten(2).transpose(1, 2))[0][:, -1])


class Late(nn.Module):
    """It makes its last layer when it runs first."""

    def __init__(self):
        super().__init__()
        self.c, self.o = nn.Conv2d(3, 8, 3), None

    def forward(self, x):
        h = self.c(x).mean((2, 3))
        self.o = self.o or nn.Linear(8, 4)
        return self.o(h)


def with_table():
    net = mean_of(
        lambda self, x: (
            torch.sparse.mm(self.table, F.relu(self.c(x)).flatten(2).reshape(-1, 64).t())
            .t()
            .reshape(-1, 8, 8, 8)
        ),
        c=nn.Conv2d(3, 8, 1),
        o=nn.Linear(8, 4),
    )
    net.register_buffer("table", torch.eye(64).to_sparse())
    return net


def reshaped(self, x):
    n, c, h, w = x.shape
    rows = x.reshape(n, c, h // 2, 2, w // 2, 2).permute(0, 1, 3, 5, 2, 4)
    x = self.c(rows.reshape(n, 4 * c, h // 2, w // 2))
    return self.o(F.relu(x).flatten(2).transpose(1, 2)).mean(1)


def split(self, x):
    first, second = self.c(x).chunk(2, 1)
    return torch.cat([self.d(first), second], 1)


KINDS = {
    "tied filters": tied_filters,
    "transposed by its own weight": lambda: mean_of(
        lambda self, x: F.conv_transpose2d(F.relu(self.c(x)), self.c.weight),
        c=nn.Conv2d(3, 8, 3),
        o=nn.Linear(3, 4),
    ),
    "containers": lambda: Containers().eval(),
    "a norm without a module": lambda: OwnNorm().eval(),
    "remembering": lambda: Remembering().eval(),
    "checkpoints": lambda: mean_of(
        lambda self, x: checkpoint(lambda y: F.relu(self.n(self.c(y))), x, use_reentrant=False),
        c=nn.Conv2d(3, 8, 3),
        n=nn.BatchNorm2d(8),
        o=nn.Linear(8, 4),
    ),
    "adapted": lambda: plain(o=Adapted(8, 4)),
    "adapted weight": adapted_weight,
    "standardized": lambda: plain(c=Standardized(3, 8, 3)),
    "recurrent": lambda: Recurrent().eval(),
    "made late": lambda: Late().eval(),
    "sparse table": with_table,
    "reshaped": lambda: Net(reshaped, c=nn.Conv2d(12, 8, 1), o=nn.Linear(8, 4)).eval(),
    "split": lambda: mean_of(
        split, c=nn.Conv2d(3, 8, 3, padding=1), d=nn.Conv2d(4, 4, 1), o=nn.Linear(8, 4)
    ),
    "a slope for each channel": lambda: mean_of(
        lambda self, x: self.d(self.p(self.n(self.c(x)))),
        c=nn.Conv2d(3, 8, 3),
        n=nn.BatchNorm2d(8),
        p=nn.PReLU(8),
        d=nn.Conv2d(8, 8, 1),
        o=nn.Linear(8, 4),
    ),
    "unshuffled": lambda: nn.Sequential(
        nn.Conv2d(3, 16, 3),
        nn.PixelShuffle(2),
        nn.Conv2d(4, 8, 3),
        nn.PixelUnshuffle(2),
        nn.Conv2d(32, 8, 1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 4),
    ).eval(),
    "padded transposed": lambda: plain(
        c=nn.ConvTranspose2d(3, 8, 3, stride=2, padding=1, output_padding=1)
    ),
    "channels last": lambda: plain().to(memory_format=torch.channels_last),
}
"""Name of a kind to what makes it; each takes (3, 8, 8)."""
