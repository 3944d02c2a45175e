"""The small networks of three chapters on architecture, and the packed SqueezeNet."""

import hashlib
import socket
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

import labcode
from labcode import coding, models, studies
from labcode.basics.fields import seen_inputs
from labcode.data import Split
from labcode.data.download import DownloadError
from labcode.models import late_squeezenet, small_se_resnet, small_shufflenet
from labcode.models.late_squeezenet import POOLS
from labcode.models.small_shufflenet import WIDTHS
from labcode.models.squeeze_excite import mean_weights
from labcode.papers import published
from labcode.studies.protocol import N_TEST, digits
from labcode.studies.shufflenet import shuffle_trials
from labcode.studies.squeezenet import pretrained, squeeze_trials

SHAPE = (1, 28, 28)


def counted(model):
    found = labcode.count(model, SHAPE)
    assert found.uncounted == {}
    return found.params, found.macs


def test_moving_the_poolings_moves_the_cost_alone():
    torch.manual_seed(0)
    states, costs = [], []
    for pools in POOLS.values():
        torch.manual_seed(0)
        model = late_squeezenet(pools)
        states.append(model.state_dict())
        costs.append(counted(model))
    assert len({params for params, _ in costs}) == 1
    assert [macs for _, macs in costs] == sorted({macs for _, macs in costs})  # early is cheapest
    for name, first in states[0].items():
        assert all(torch.equal(first, other[name]) for other in states[1:])


def test_the_late_network_keeps_the_sizes_that_it_says():
    model, sizes = late_squeezenet((3, 5)).eval(), []
    for fire in model.fires:
        fire.register_forward_hook(lambda _, __, y: sizes.append(tuple(y.shape[1:])))
    model(torch.zeros(1, *SHAPE))
    assert sizes == [(24, 28, 28), (24, 28, 28), (32, 14, 14), (32, 14, 14)]


@pytest.mark.parametrize(("place", "window"), [*((p, "as it is") for p in POOLS), ("late", "wide")])
def test_the_whole_window_of_the_last_module_is_seen_by_gradients(place, window):
    model = late_squeezenet(POOLS[place], dilations=squeeze_trials.WINDOWS[window]).eval()
    model.pool = nn.AvgPool2d(3, 2, ceil_mode=True)  # a maximum would show one pixel alone
    if POOLS[place][-1] == 5:
        model.pools = (3,)  # the last pooling stands behind the module
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.abs_().add_(0.01)  # nothing cancels, and no ReLU is closed
    x, seen = torch.ones(1, 1, 96, 96, requires_grad=True), []
    model.fires[-1].register_forward_hook(lambda _, __, y: seen.append(y))
    model(x)
    y = seen[0]
    y[0, -1, y.shape[2] // 2, y.shape[3] // 2].backward()  # a 3x3 filter
    columns = x.grad[0, 0].abs().sum(0) > 0
    reached = columns.nonzero().flatten()
    assert int(reached[-1] - reached[0]) + 1 == squeeze_trials.field(place, window)


def test_a_wide_window_costs_nothing_and_is_that_of_early_pooling():
    plain, wide = (late_squeezenet(dilations=d) for d in squeeze_trials.WINDOWS.values())
    costs = [labcode.count(model, SHAPE) for model in (plain, wide)]
    assert costs[0].params == costs[1].params
    assert costs[0].macs == costs[1].macs
    assert squeeze_trials.field("late", "wide") == squeeze_trials.field("early")
    with pytest.raises(ValueError, match=r"dilations must be four.*got \(2, 2\)"):
        late_squeezenet(dilations=(2, 2))


@pytest.mark.parametrize("groups", WIDTHS)
def test_the_shuffle_has_no_cost_and_does_not_change_the_first_weights(groups):
    models_ = []
    for shuffle in (True, False):
        torch.manual_seed(0)
        models_.append(small_shufflenet(groups, shuffle=shuffle))
    assert counted(models_[0]) == counted(models_[1])
    pairs = zip(models_[0].parameters(), models_[1].parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    x = torch.rand(2, *SHAPE)
    same = torch.allclose(models_[0](x), models_[1](x))
    assert same == (groups == 1)


def test_widths_of_all_group_counts_cost_about_the_same():
    macs = [counted(small_shufflenet(g))[1] for g in WIDTHS]
    assert max(macs) / min(macs) < 1.11


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(6, 9, 3, padding=1, groups=3),
        nn.Sequential(
            nn.Conv2d(6, 6, 1, groups=2), nn.ChannelShuffle(2), nn.Conv2d(6, 4, 1, groups=2)
        ),
        models.ShuffleUnit(6, 24, 1, 3, first_groups=3, shuffle=False).conv1,
    ],
)
def test_what_is_seen_is_what_changes_when_an_input_changes(layer):
    layer = layer.double().eval()
    x = torch.randn(1, 6, 5, 5, dtype=torch.float64)
    base, columns = layer(x), []
    for channel in range(6):
        moved = x.clone()
        moved[:, channel] += 1.0
        columns.append((layer(moved) - base).abs().sum((0, 2, 3)) > 1e-9)
    found = seen_inputs(layer.float(), 6)
    assert torch.equal(found, torch.stack(columns, dim=1))


@pytest.mark.parametrize("placement", ["standard", "pre", "post", "identity"])
def test_the_small_se_resnet_is_the_plain_one_when_its_weights_are_one(placement):
    torch.manual_seed(0)
    plain = small_se_resnet(None).eval()
    with_se = small_se_resnet(placement, gate="hard_sigmoid").eval()
    own = {
        name.replace(".block.", "."): name for name in with_se.state_dict() if "excite" not in name
    }
    state = with_se.state_dict()
    assert set(own) == set(plain.state_dict())
    with_se.load_state_dict(state | {own[k]: v for k, v in plain.state_dict().items()})
    for layer in with_se.modules():
        if isinstance(layer, models.SqueezeExcite):
            nn.init.constant_(layer.fc2.bias, 99.0)  # the gate is open: every weight is 1
    x = torch.rand(3, *SHAPE)
    assert torch.allclose(plain(x), with_se(x), atol=1e-5)


def test_mean_weights_are_the_means_of_each_class():
    torch.manual_seed(0)
    model = small_se_resnet("pre", reduction=1).eval()
    for layer in model.modules():
        if isinstance(layer, models.SqueezeExcite):  # weights that differ between images
            nn.init.normal_(layer.fc1.weight)
            nn.init.normal_(layer.fc2.weight)
    images, labels = torch.rand(6, *SHAPE), torch.tensor([0, 1, 2, 0, 1, 2])
    found = mean_weights(model, Split(images, labels))
    stem = F.relu(model.bn1(model.conv1(images)))
    first = model.blocks[0].excite.weights(stem)  # (6, 8), by hand
    assert (first[0] - first[3]).abs().max() > 1e-3
    for label in range(3):
        assert torch.allclose(found[0][label], first[[label, label + 3]].mean(0), atol=1e-6)
    assert [tuple(w.shape) for w in found] == [(3, 8), (3, 8), (3, 16)]  # what each block gets


def test_the_paper_prunes_to_what_its_table_says():
    model = models.squeezenet()
    left = pretrained.prune_as_printed(model, pretrained.kept_shares())
    table = published.table("squeezenet")
    printed = table[(table["config"] == "total") & (table["quantity"] == "params after pruning")]
    assert left == int(printed["value"].item())
    weights = sum(int((p != 0).sum()) for p in model.parameters() if p.ndim > 1)
    assert left == weights + sum(p.numel() for p in model.parameters() if p.ndim == 1)


def test_the_largest_weights_stay():
    model = models.squeezenet()
    before = model.conv10.weight.detach().abs().flatten().sort(descending=True).values
    pretrained.prune_as_printed(model, {"conv10": 0.2})
    after = model.conv10.weight.detach().abs().flatten().sort(descending=True).values
    assert torch.equal(after[: len(after) // 5], before[: len(before) // 5])
    assert not after[len(after) // 5 :].any()


def file_of(state, folder):
    path = folder / "weights.pth"
    torch.save(state, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return path.rename(folder / f"squeezenet-{digest[:8]}.pth")


@pytest.fixture
def site(tmp_path):
    """A server on this machine for the files of a folder: its address, and the folder."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", tmp_path
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_downloaded_weights_answer_as_torchvisions_network(version, site, capfd):
    address, folder = site
    make = getattr(torchvision.models, f"squeezenet{version.replace('.', '_')}")
    torch.manual_seed(0)
    theirs = make().eval()
    path = file_of(theirs.state_dict(), folder)
    ours = pretrained.pretrained(version, url=f"{address}/{path.name}").eval()
    x = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        assert torch.allclose(theirs(x), ours(x), atol=1e-5)
    assert capfd.readouterr().out == ""  # PyTorch would print this machine's folders


def test_a_damaged_file_and_a_wrong_version_are_refused(site):
    address, folder = site
    path = file_of({"a": torch.zeros(3)}, folder)
    with pytest.raises(ValueError, match=r"not those of SqueezeNet 1\.1"):
        pretrained.pretrained(url=f"{address}/{path.name}")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(DownloadError, match=f"{path.name} cannot be had: invalid hash value"):
        pretrained.pretrained(url=f"{address}/{path.name}")
    with pytest.raises(ValueError, match=r"version must be one of '1\.0', '1\.1', got '2'"):
        pretrained.pretrained("2")


def test_a_file_of_code_is_not_run(site):
    address, folder = site
    path = file_of({"a": print}, folder)
    with pytest.raises(DownloadError, match="cannot be had: Weights only load failed"):
        pretrained.pretrained(url=f"{address}/{path.name}")


def test_no_file_no_server_and_no_answer_are_told(site):
    address, _ = site
    with pytest.raises(DownloadError, match=r"none-00000000\.pth cannot be had: .*404"):
        pretrained.pretrained(url=f"{address}/none-00000000.pth")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/none-00000000.pth"
        with pytest.raises(DownloadError, match=r"cannot be had: .*timed out"):
            pretrained.pretrained(url=url, seconds=0.2)
    with pytest.raises(DownloadError, match=r"cannot be had: .*refused"):
        pretrained.pretrained(url=url)
    assert socket.getdefaulttimeout() is None


@pytest.mark.slow
def test_a_packed_squeezenet_comes_back_with_few_values():
    model = models.squeezenet(num_classes=10)
    file, _ = pretrained.compress(model, bits=3)
    again = coding.unpack(file, models.squeezenet(num_classes=10))
    for name, weight in again.named_parameters():
        assert torch.equal(weight, model.get_parameter(name))
        if weight.ndim > 1:
            assert len(weight[weight != 0].unique()) <= 8


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: late_squeezenet((1, 6)),
            "pools must be layers from 1 to 5, got 6",
        ),
        (lambda: late_squeezenet((2, 2)), "pools must name each layer once"),
        (lambda: squeeze_trials.pooling_row("never", 0), "place must be one of .*, got 'never'"),
        (lambda: squeeze_trials.pooling_row("late", 0, size=7), "size must be 14 or 28, got 7"),
        (lambda: small_shufflenet(3), "groups must be one of .*, got 3"),
        (lambda: small_shufflenet(4, channels=48), "multiple of 8 x groups, 32"),
        (lambda: small_se_resnet("behind"), "placement must be one of .*, got 'behind'"),
        (lambda: small_se_resnet(reduction=16), "reduction must be at most"),
    ],
)
def test_bad_settings_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "name", ["squeezenet_pooling", "squeezenet_pooling_14", "shufflenet_shuffle", "senet_choices"]
)
def test_measured_rows_are_of_three_seeds_and_cost_what_the_networks_do(name):
    table = studies.table(name)
    settings = [c for c in table.columns if c not in ("seed",) and "acc" not in c]
    assert (table.groupby(settings)["seed"].nunique() == 3).all()
    first = table[table["seed"] == 0]
    for row in first.to_dict("records"):
        shape = (1, 14, 14) if name.endswith("14") else SHAPE
        if name.startswith("squeezenet"):
            pools = POOLS[row["place"]]
            model = late_squeezenet(pools, width=row["width"])
        elif name == "shufflenet_shuffle":
            model = small_shufflenet(row["groups"], shuffle=row["shuffle"])
        else:
            place = None if row["placement"] == "none" else row["placement"]
            keys = ("reduction", "squeeze", "gate")
            model = small_se_resnet(place, **{k: row[k] for k in keys})
        found = labcode.count(model, shape)
        assert (found.params, found.macs) == (row["params"], row["macs"])


@pytest.mark.slow
def test_a_run_is_the_same_again_and_learns(monkeypatch):
    monkeypatch.setattr(shuffle_trials, "EPOCHS", 3)
    first, again = (shuffle_trials.shuffle_row(1, False, seed=3) for _ in range(2))
    assert first == again
    assert first["train_accuracy"] > 0.3  # guessing is 0.1
    assert len(digits(1000).train) == 1000


def test_as_many_test_digits_stand_behind_an_accuracy_as_intervals_take():
    assert len(digits(1000).test) == len(digits(size=14).test) == N_TEST
