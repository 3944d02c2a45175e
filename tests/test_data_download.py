"""labcode.data's downloads: offline, and with small files in torchvision's own format."""

import gzip
import hashlib
import pickle
import socket
import struct
import tarfile
import urllib.error
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision import datasets

from labcode import data
from labcode.data import download

ONLINE = ("mnist", "fashion_mnist", "cifar10")


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def no_network(*args, **kwargs):
    raise urllib.error.URLError("no network here")


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    """Whatever a test does, nothing leaves this machine."""
    monkeypatch.setattr("urllib.request.urlopen", no_network)
    monkeypatch.setattr(socket, "create_connection", no_network)


def pixels_and_labels(n: int, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    labels = np.arange(n) % 10
    pixels = np.random.default_rng(n).integers(0, 256, (n, *shape), dtype=np.uint8)
    pixels[:, 0, 0] = labels.reshape(-1, *([1] * (pixels.ndim - 3)))  # a mark to find them by
    return pixels, labels


def idx(array: np.ndarray) -> bytes:
    """Pack bytes as MNIST's files do: a magic number, the sizes, the values."""
    return (
        struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
        + array.astype(np.uint8).tobytes()
    )


def fake_mnist(root: Path, kind: str, monkeypatch, train: int = 120, test: int = 30) -> Path:
    """Write small files where a user would put the real ones, with their checksums known."""
    folder = root / kind / "raw"
    folder.mkdir(parents=True)
    resources = []
    for part, n in (("train", train), ("t10k", test)):
        images, labels = pixels_and_labels(n, (28, 28))
        for what, array in (("images-idx3", images), ("labels-idx1", labels)):
            path = folder / f"{part}-{what}-ubyte.gz"
            path.write_bytes(gzip.compress(idx(array)))
            resources.append((path.name, md5(path)))
    monkeypatch.setattr(getattr(datasets, kind), "resources", resources)
    return folder


def fake_cifar(root: Path, monkeypatch) -> None:
    """Write a small cifar-10-python.tar.gz with its checksums known."""
    base = root / "build" / "cifar-10-batches-py"
    base.mkdir(parents=True)
    files = {f"data_batch_{i}": 20 for i in range(1, 6)} | {"test_batch": 30}
    for name, n in files.items():
        pixels, labels = pixels_and_labels(n, (32, 32, 3))
        rows = pixels.transpose(0, 3, 1, 2).reshape(n, -1)
        (base / name).write_bytes(pickle.dumps({"data": rows, "labels": labels.tolist()}))
    (base / "batches.meta").write_bytes(pickle.dumps({"label_names": list("abcdefghij")}))
    archive = root / "cifar-10-python.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(base, arcname="cifar-10-batches-py")
    kind = datasets.CIFAR10
    sums = {path.name: md5(path) for path in base.iterdir()}
    monkeypatch.setattr(kind, "tgz_md5", md5(archive))
    monkeypatch.setattr(kind, "train_list", [[n, sums[n]] for n in files if n != "test_batch"])
    monkeypatch.setattr(kind, "test_list", [["test_batch", sums["test_batch"]]])
    monkeypatch.setattr(kind, "meta", {**kind.meta, "md5": sums["batches.meta"]})


def expect_sizes(name: str, train: int, test: int, monkeypatch) -> None:
    about = replace(download.ONLINE[name], train_size=train, test_size=test)
    monkeypatch.setitem(download.ONLINE, name, about)


@pytest.mark.parametrize("name", ONLINE)
def test_without_a_network_the_error_says_what_to_do(name, tmp_path):
    with pytest.raises(data.DownloadError) as caught:
        data.load(name, root=tmp_path)
    message = str(caught.value)
    assert f"data set {name!r} could not be downloaded" in message
    assert "no network here" in message
    assert "load('mnist5k')" in message
    assert str(tmp_path / download.ONLINE[name].folder) in message
    wanted = {"cifar10": "cifar-10-python.tar.gz"}.get(name, "t10k-labels-idx1-ubyte.gz")
    assert wanted in message
    assert "http" in message


@pytest.mark.parametrize("name", ONLINE)
def test_download_false_tries_nothing(name, tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise AssertionError("it went online")

    monkeypatch.setattr("torchvision.datasets.utils._urlretrieve", fail)
    monkeypatch.setattr("urllib.request.urlopen", fail)
    with pytest.raises(data.DownloadError, match=r"is not on this machine \(download=False\)"):
        data.load(name, root=tmp_path, download=False)


@pytest.mark.parametrize(("name", "kind"), [("mnist", "MNIST"), ("fashion_mnist", "FashionMNIST")])
def test_files_put_there_by_hand_are_read(name, kind, tmp_path, monkeypatch):
    fake_mnist(tmp_path, kind, monkeypatch)
    expect_sizes(name, 120, 30, monkeypatch)
    found = data.load(name, root=tmp_path)
    assert (len(found.train), len(found.validation), len(found.test)) == (110, 10, 30)
    for split in (found.train, found.validation, found.test):
        assert split.images.shape[1:] == (1, 28, 28)
        mark = (split.images[:, 0, 0, 0] * 255).round().long()
        assert torch.equal(mark, split.labels)
        assert torch.bincount(split.labels).unique().numel() == 1
    pixels, _ = pixels_and_labels(30, (28, 28))  # the official test set, whole and in order
    assert torch.equal(found.test.images[:, 0], torch.from_numpy(pixels) / 255)
    assert len(found.classes) == 10
    again = data.load(name, root=tmp_path, download=False)  # unpacked by now
    assert torch.equal(again.train.images, found.train.images)


def test_cifar10_is_read_from_its_archive(tmp_path, monkeypatch):
    fake_cifar(tmp_path, monkeypatch)
    expect_sizes("cifar10", 100, 30, monkeypatch)
    found = data.load("cifar10", root=tmp_path)
    assert (len(found.train), len(found.validation), len(found.test)) == (90, 10, 30)
    assert found.input_shape == (3, 32, 32)
    pixels, _ = pixels_and_labels(30, (32, 32, 3))
    assert torch.equal(found.test.images, torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255)
    mark = (found.train.images[:, 0, 0, 0] * 255).round().long()
    assert torch.equal(mark, found.train.labels)


def test_a_wrong_checksum_is_refused(tmp_path, monkeypatch):
    folder = fake_mnist(tmp_path, "MNIST", monkeypatch)
    expect_sizes("mnist", 120, 30, monkeypatch)
    damaged = folder / "t10k-images-idx3-ubyte.gz"
    damaged.write_bytes(damaged.read_bytes()[:-20] + b"x" * 20)
    with pytest.raises(data.DownloadError, match="t10k-images-idx3-ubyte"):
        data.load("mnist", root=tmp_path)


def test_a_damaged_cifar10_batch_is_refused(tmp_path, monkeypatch):
    fake_cifar(tmp_path, monkeypatch)
    expect_sizes("cifar10", 100, 30, monkeypatch)
    data.load("cifar10", root=tmp_path)
    (tmp_path / "cifar-10-batches-py" / "data_batch_3").write_bytes(b"damaged")
    with pytest.raises(data.DownloadError, match="corrupted"):
        data.load("cifar10", root=tmp_path, download=False)


def test_files_of_the_wrong_size_are_refused(tmp_path, monkeypatch):
    """Unpacked MNIST files have no checksum, so their number of images is compared."""
    fake_mnist(tmp_path, "MNIST", monkeypatch)
    with pytest.raises(data.DownloadError, match=r"shape \(120, 1, 28, 28\), not \(60000, 1, 28"):
        data.load("mnist", root=tmp_path)


def test_a_cut_off_file_is_refused(tmp_path, monkeypatch):
    folder = fake_mnist(tmp_path, "MNIST", monkeypatch)
    expect_sizes("mnist", 120, 30, monkeypatch)
    data.load("mnist", root=tmp_path)
    unpacked = folder / "train-images-idx3-ubyte"
    unpacked.write_bytes(unpacked.read_bytes()[:1000])
    with pytest.raises(data.DownloadError, match="Delete what is damaged there"):
        data.load("mnist", root=tmp_path)


@pytest.mark.parametrize(("setting", "shown"), [("0", False), ("1", True)])
def test_the_progress_bar_can_be_kept_out_of_outputs(setting, shown, tmp_path, monkeypatch, capfd):
    """Serve the download from memory, and look at what is written to stderr."""
    payload = b"not a real archive" * 100

    class Answer:
        url = None
        length = len(payload)

        def __init__(self):
            self.left = payload

        def __enter__(self):
            return self

        def __exit__(self, *args):
            return None

        def read(self, size):
            chunk, self.left = self.left[:size], self.left[size:]
            return chunk

    monkeypatch.setattr("urllib.request.urlopen", lambda *args, **kwargs: Answer())
    monkeypatch.setenv("LABCODE_PROGRESS", setting)
    with pytest.raises(data.DownloadError, match="corrupted"):  # its checksum is not CIFAR-10's
        data.load("cifar10", root=tmp_path)
    assert ("B/s" in capfd.readouterr().err) is shown


def test_a_silent_network_times_out_and_the_callers_limit_stays(tmp_path, monkeypatch):
    seen = []

    def note(*args, **kwargs):
        seen.append(socket.getdefaulttimeout())
        no_network()

    monkeypatch.setattr("urllib.request.urlopen", note)
    with pytest.raises(data.DownloadError):
        data.load("cifar10", root=tmp_path)
    assert set(seen) == {download.TIMEOUT}
    assert socket.getdefaulttimeout() is None


def test_the_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("LABCODE_DATA", str(tmp_path / "mine"))
    assert download.default_root() == tmp_path / "mine"
    monkeypatch.delenv("LABCODE_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert download.default_root() == tmp_path / "cache" / "labcode"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert download.default_root() == Path.home() / ".cache" / "labcode"
