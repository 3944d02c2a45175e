"""Damaged and hostile files: one error, the model untouched, and no memory beyond its shapes."""

import contextlib
import random
import struct
import tracemalloc
import zlib

import pytest
import torch
from torch import nn

from labcode.coding import CodingError, pack, unpack
from labcode.coding.container import SECTIONS
from labcode.quantization.weight_sharing import share_weights

EACH = 2_600  # mutated files of each kind and file: 12 kinds and files, 31,200 in all


def small_network() -> nn.Module:
    """Return a network with a tensor of each form in the file."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(36, 20), nn.Linear(20, 5)
    )
    model[0].weight.data = model[0].weight.data.half().float()  # plain values
    model[3].weight.data[torch.rand(20, 36) < 0.9] = 0  # positions
    model[3].bias.data[::3] = 0
    share_weights(model, {"3.weight": 3, "3.bias": 2})
    model[4].weight.data.zero_()
    return model


FILES = {
    "auto": pack(small_network()),
    "huffman": pack(small_network(), indices="relative", coder="huffman"),
    "fixed": pack(small_network(), indices="relative", coder="fixed"),
}
TRUTH = {k: v.numpy().tobytes() for k, v in small_network().state_dict().items()}


def cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def flipped(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8])):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def spliced(data: bytes, rng: random.Random) -> bytes:
    start, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    new = rng.choice([rng.randbytes(rng.randrange(9)), data[start:end] * 2, b"\xff" * 5, b""])
    return data[:start] + new + data[end:]


def resealed(data: bytes, rng: random.Random) -> bytes:
    """Change bytes inside the header or a section, and make all checksums right again.

    The header is taken apart by hand here: 8 bytes of checksums of content and shapes, the
    number of tensors, then for each section a length and a CRC-32, then the tensors' heads.
    """
    length = struct.unpack_from("<H", data, 5)[0]
    header, place = data[7 : 7 + length], 9
    body, sizes = data[11 + length :], []
    for _ in SECTIONS:
        size, place = number_at(header, place)
        sizes.append(size)
        place += 4
    pieces = [header[:8], header[8:9], header[place:]]
    for size in sizes:
        pieces.append(body[:size])
        body = body[size:]
    chosen = rng.choice([i for i, piece in enumerate(pieces) if piece])
    pieces[chosen] = rng.choice([flipped, flipped, flipped, spliced, cut])(pieces[chosen], rng)
    sections = pieces[3:]
    table = b"".join(number(len(s)) + struct.pack("<I", zlib.crc32(s)) for s in sections)
    header = pieces[0] + pieces[1] + table + pieces[2]
    start = b"DIET\x01" + struct.pack("<H", len(header)) + header
    return start + struct.pack("<I", zlib.crc32(start)) + b"".join(sections)


def number(value: int) -> bytes:
    low = [value >> shift & 127 for shift in range(0, max(1, value.bit_length()), 7)]
    return bytes([part | 128 for part in low[:-1]] + low[-1:])


def number_at(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[place] & 127) << shift
        shift, place = shift + 7, place + 1
        if data[place - 1] < 128:
            return value, place


MUTATIONS = {"cut": cut, "flipped": flipped, "spliced": spliced, "resealed": resealed}


def content(model: nn.Module) -> dict[str, bytes]:
    return {k: v.numpy().tobytes() for k, v in model.state_dict().items()}


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("kind", MUTATIONS)
def test_damaged_files_raise_one_error_and_change_nothing(file, kind):
    rng = random.Random(f"{file} {kind}")
    target, refused, messages = small_network(), 0, set()
    with torch.no_grad():
        for tensor in target.state_dict().values():
            tensor.zero_()
    untouched = content(target)
    for _ in range(EACH):
        damaged = MUTATIONS[kind](FILES[file], rng)
        try:
            unpack(damaged, target)
        except CodingError as error:
            refused += 1
            messages.add(str(error).split(":")[0])
            assert content(target) == untouched
        else:  # it must say the same as the file did before
            assert content(target) == TRUTH
            unpack_zeros(target)
    assert refused > 0.9 * EACH
    if kind == "resealed":  # the decoders inside were reached, and not only the checksums
        assert {"the section table is damaged", "the section values is damaged"} & messages
        assert "the file is damaged" in messages  # content that differs from what it claims


def unpack_zeros(model: nn.Module) -> None:
    with torch.no_grad():
        for tensor in model.state_dict().values():
            tensor.zero_()


def test_resealing_alone_changes_nothing():
    class Nothing(random.Random):
        def choice(self, options):
            return (lambda piece, rng: piece) if callable(options[0]) else options[0]

    for data in FILES.values():
        assert resealed(data, Nothing()) == data


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_no_mutation_takes_memory_beyond_the_models_own(file):
    rng, model = random.Random(file), small_network()
    numbers = sum(tensor.numel() for tensor in model.state_dict().values())
    tracemalloc.start()
    for _ in range(300):
        with contextlib.suppress(CodingError):
            unpack(resealed(FILES[file], rng), model)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # About a dozen arrays of 8 bytes a number, and tables of at most 2**15 entries.
    assert peak < 200 * numbers + 4_000_000
