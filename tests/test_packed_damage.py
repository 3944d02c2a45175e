"""Damaged files of quantized networks: one error, always; and what a file holds comes back."""

import json
import random
import zlib

import pytest
import torch
from torch import nn

from labcode.quantization import (
    PackingError,
    pack_model,
    quantize_model,
    unpack_layers,
    unpack_model,
)

EACH = 2_000  # damaged files of each kind
SHAPE = (3, 8, 8)


def network() -> nn.Module:
    """Return a network with layers that are quantized and others that are not."""
    torch.manual_seed(0)
    model = nn.Sequential(
        *(nn.BatchNorm2d(3), nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.ReLU()),
        *(nn.ConvTranspose2d(4, 4, 2, groups=2), nn.Flatten(2), nn.Conv1d(4, 3, 3, stride=4)),
        *(nn.Flatten(), nn.Linear(36, 5, bias=False)),
    )
    model[0].running_mean.fill_(0.5)
    model[0].num_batches_tracked.fill_(7)
    nn.init.uniform_(model[2].weight, -2, 2)
    return model.eval()


IMAGES = torch.rand(9, *SHAPE, generator=torch.Generator().manual_seed(0))
FILES = {
    bits: pack_model(quantize_model(network(), IMAGES, weight_bits=bits, in_float=["6"]))
    for bits in (1, 3, 8)
}


def cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def flipped(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for place in rng.sample(range(8 * len(data)), rng.choice([1, 1, 2, 9])):
        out[place // 8] ^= 1 << place % 8
    return bytes(out)


def extended(data: bytes, rng: random.Random) -> bytes:
    return data + rng.choice([b"\0" * rng.randint(1, 9), rng.randbytes(5), data, data[-7:]])


def spliced(data: bytes, rng: random.Random) -> bytes:
    start, end = sorted(rng.sample(range(len(data) + 1), 2))
    return data[:start] + rng.randbytes(rng.randrange(4)) + data[end:]


@pytest.mark.parametrize("damage", [cut, flipped, extended, spliced])
def test_no_damaged_file_is_accepted(damage) -> None:
    rng, files = random.Random(damage.__name__), list(FILES.values())
    for turn in range(EACH):
        packed = files[turn % len(files)]
        damaged = damage(packed, rng)
        if damaged == packed:
            continue
        with pytest.raises(PackingError, match="packed is damaged"):
            unpack_layers(damaged)
    with pytest.raises(PackingError, match="packed is damaged: its checksum is wrong"):
        unpack_model(damage(FILES[3], rng), network())


def sealed(text: bytes, payload: bytes) -> bytes:
    """Return a file whose checksum is right, whatever is in it."""
    length = len(text).to_bytes(4, "little")
    return length + zlib.crc32(length + text + payload).to_bytes(4, "little") + text + payload


@pytest.mark.slow
def test_a_hostile_header_with_a_right_checksum_raises_the_same_error() -> None:
    packed = FILES[3]
    length = int.from_bytes(packed[:4], "little")
    text, payload = packed[8 : 8 + length], packed[8 + length :]
    assert sealed(text, payload) == packed
    good = json.loads(text)["1"]
    bad = [
        *({"shape": [2**40] * 9}, {"shape": [-1]}, {"shape": []}, {"shape": "ab"}, {"bits": 99}),
        *({"bits": 0}, {"bits": "3"}, {"bits": True}, {"bias": -1}, {"bias": 1e9}, {"axis": 2}),
        *({"input": [0, 0, 255]}, {"input": [1e999, 0, 255]}, {"input": [1, 10**30, 255]}),
        *({"input": [1, 0]}, {"input": "abc"}, {"other": 1}, {"input": [1, 300, 255]}),
    ]
    headers = [json.dumps({"1": good | change}).encode() for change in bad]
    rest = [[["a", "int99", [1]]], [["a"]], 5, [["a", "float32", [2**62, 2**62]]], [[[], [], []]]]
    headers += [json.dumps({".rest": value}).encode() for value in rest]
    headers += [
        b"",
        b"[1]",
        b"5",
        b"null",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"1": 5}',
        b'{"1": {}}',
    ]
    for header in headers:
        with pytest.raises(PackingError, match="packed is damaged"):
            unpack_layers(sealed(header, payload))
    rng, refused = random.Random(0), 0
    for _ in range(EACH):
        changed = flipped(text, rng)
        try:
            unpack_model(sealed(changed, payload), network())
        except PackingError:
            refused += 1
        else:  # another number: against that there is the checksum
            assert without_inputs(changed) == without_inputs(text)
    assert refused > EACH / 2


def without_inputs(text: bytes) -> dict[str, object]:
    """Return a header without the scales of the layers' inputs."""
    header = json.loads(text)
    for name, entry in header.items():
        if name != ".rest":
            entry.pop("input")
    return header


@pytest.mark.parametrize("bits", FILES)
def test_what_is_not_quantized_comes_back_as_it_was(bits) -> None:
    quantized = quantize_model(network(), IMAGES, weight_bits=bits, in_float=["6"])
    other = network()
    with torch.no_grad():
        for tensor in other.state_dict().values():
            tensor.zero_()
    back = unpack_model(FILES[bits], other)
    assert type(back[6]) is nn.Conv1d
    assert int(back[0].num_batches_tracked) == 7
    for name in ("0.running_mean", "2.weight", "6.weight"):
        assert torch.equal(back.state_dict()[name], quantized.state_dict()[name])
    with torch.no_grad():
        torch.testing.assert_close(back(IMAGES), quantized(IMAGES), rtol=1e-3, atol=1e-3)


def test_another_network_is_refused() -> None:
    packed = FILES[3]
    plain = network()
    for change, said in [
        ((0, nn.Identity()), r"hold other tensors, such as \['0\.bias'"),
        ((2, nn.GroupNorm(2, 6)), "hold other tensors"),
        ((1, nn.Conv2d(3, 4, 5)), "1 of the model is not a layer like that of the file"),
        (
            (1, nn.Conv2d(3, 4, 3, bias=False)),
            "1 of the model is not a layer like that of the file",
        ),
        ((1, nn.Identity()), "packed holds the layers"),
        ((3, nn.Conv2d(4, 4, 1)), "packed holds the layers"),
    ]:
        other = nn.Sequential(*plain)
        other[change[0]] = change[1]
        with pytest.raises(PackingError, match=said):
            unpack_model(packed, other)


def test_what_a_file_cannot_hold_is_refused() -> None:
    class WithState(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(3, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.fc(x)

        def get_extra_state(self) -> dict[str, int]:
            return {"steps": 3}

        def set_extra_state(self, state: object) -> None:
            pass

    x = torch.rand(8, 3)
    with pytest.raises(ValueError, match="_extra_state cannot be packed: it is not a tensor"):
        pack_model(quantize_model(WithState(), x))
    quantized = quantize_model(nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)), x)
    quantized[1].running_mean[0] = float("nan")
    with pytest.raises(ValueError, match=r"1\.running_mean cannot be packed: it holds NaN"):
        pack_model(quantized)
    quantized = quantize_model(nn.Sequential(nn.Linear(3, 2)), x)
    quantized[0].weight.data[0] = float("inf")
    with pytest.raises(ValueError, match="0 cannot be packed: its weight is not finite"):
        pack_model(quantized)
    nn.utils.parametrizations.weight_norm(quantized[0])
    with pytest.raises(ValueError, match=r"0\.weight cannot be packed: it is computed"):
        pack_model(quantized)
    with pytest.raises(TypeError, match="packed must be bytes, got str"):
        unpack_layers("abc")  # type: ignore[arg-type]
