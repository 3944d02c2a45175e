"""The exercises of *Dynamic computation*."""

from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Marks, Number


def _mean_cost() -> Marks:
    from labcode import weights
    from labcode.models import exit_macs

    macs = exit_macs(weights.load_exits())
    shares = (1 / 2, 1 / 4, 1 / 8, 1 / 8)
    right = sum(share * price for share, price in zip(shares, macs, strict=True))
    steps = [later - before for before, later in zip((0, *macs), macs, strict=False)]
    return Marks(
        round(right),
        {
            round(sum(macs) / 4): "That is the plain mean. Weigh each price by its share of the "
            "images.",
            round(sum(share * step for share, step in zip(shares, steps, strict=True))): "The "
            "table's costs include the way to the exit already; do not count the last step alone.",
            macs[-1]: "That is an image that goes all the way.",
            round(right - macs[-1] / 8): "You forgot those that go to the end.",
        },
    )


def _how_many() -> str:
    """Whether thresholds from 250 images keep the budget more steadily than those from 50."""
    import torch

    from labcode import data, early_exit, weights
    from labcode.models import exit_macs

    network, held = weights.load_exits(), data.load("mnist5k").validation
    macs = exit_macs(network)
    with torch.no_grad():
        logits = network.all_logits(held.images)  # (exits, N, classes)
    scores, right = early_exit.certainty(logits), logits.argmax(2) == held.labels
    make, spread = torch.Generator().manual_seed(0), {}
    for n in (50, 250):
        costs = []
        for _ in range(40):
            some = torch.randperm(len(held), generator=make)[:n]
            limit = early_exit.shared_threshold(scores[:, some], macs, 0.16 * macs[-1])
            costs.append(early_exit.outcome(scores, right, macs, limit).macs)
        spread[n] = float(torch.tensor(costs).std())
    return "hundreds" if spread[50] > 2 * spread[250] else "fifty"


def _dear() -> Marks:
    import labcode
    from labcode import studies, weights
    from labcode.models import exit_macs
    from labcode.models.exit_network import Trunk

    network = weights.load_exits()
    macs, plain = exit_macs(network), labcode.count(Trunk(network), (1, 28, 28)).macs
    clock = studies.table("early_exit_latency").set_index(["kind", "setting"])["mean_share"]
    return Marks(
        macs[-1] / plain,
        {
            1.0: "Nearly. But three small linear layers are computed on the way: show four digits.",
            round(float(clock["exit", 4]), 2): "That is the time. Asked are the multiply-adds.",
            plain / macs[-1]: "The other way round: the network with exits has more.",
            sum(macs) / macs[-1]: "You added up all four ways. An image goes one of them.",
        },
        within=0.0006,
    )


EXERCISES: tuple[Exercise, ...] = (
    Number(
        id="dynamic_computation-1",
        asks="multiply-adds of an image on average",
        unit="MACs",
        solve=_mean_cost,
        hints=(
            "Each price in the table includes all that comes before that exit.",
            "Weigh each price by its share, 1/2, 1/4, 1/8 and 1/8, and add up.",
        ),
    ),
    Choice(
        id="dynamic_computation-2",
        asks="How many of your labelled images do you set aside to choose the threshold?",
        choices={
            "fifty": Option(
                "Fifty: one number is chosen, and all others are better used for training.",
                "You ship one threshold, and from 50 images it may miss the budget by far: see "
                "how the cost spreads over 40 choices.",
            ),
            "hundreds": Option(
                "Some hundreds: the budget must be kept by the one threshold that I ship.",
                "With 250 images the cost spreads less than half as far as with 50.",
            ),
            "none": Option(
                "None: I choose it on the test images, which are there anyway.",
                "Then the test says how well it fits the images that it was chosen on, and no "
                "longer what it does on new ones.",
            ),
        },
        solve=_how_many,
        hints=(
            "You ship one threshold, not the mean of forty.",
            "Choose it on 50 random images, 40 times, and look at the spread of what it costs.",
        ),
    ),
    Number(
        id="dynamic_computation-3",
        asks="times as many multiply-adds as without exits, to three digits behind the point",
        solve=_dear,
        hints=(
            "The exits on the way are three small linear layers.",
            "`macs[-1]` against `labcode.count(Trunk(network), digits.input_shape).macs`.",
        ),
    ),
)
