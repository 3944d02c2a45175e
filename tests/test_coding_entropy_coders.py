"""Entropy, Huffman, rANS, relative indices and bits, against scipy, heaps and plain loops."""

import heapq
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy as scipy_entropy

from labcode.coding import (
    CodingError,
    code_lengths,
    entropy,
    from_relative,
    huffman,
    rans,
    to_relative,
)
from labcode.coding.bits import Reader, pack_codes, pack_numbers, varint, windows
from labcode.coding.entropy import counts_of, entropy_bits
from labcode.coding.symbols import CODERS, decode_symbols, encode_symbols
from tests.examples import examples

COUNTS = st.lists(st.integers(0, 1000), min_size=1, max_size=40)
SYMBOLS = st.lists(st.integers(0, 20), max_size=300).map(lambda s: np.array(s, dtype=np.int64))


def heap_lengths(counts):
    """Plain Huffman: join the two rarest again and again."""
    heap = [(c, i, {s: 0}) for i, (s, c) in enumerate(enumerate(counts)) if c]
    heapq.heapify(heap)
    while len(heap) > 1:
        (c1, i, one), (c2, _, two) = heapq.heappop(heap), heapq.heappop(heap)
        joined = {symbol: depth + 1 for symbol, depth in (one | two).items()}
        heapq.heappush(heap, (c1 + c2, i, joined))
    return heap[0][2] if heap else {}


def cost(counts, lengths):
    return int(np.dot(counts, lengths))


@given(COUNTS)
def test_entropy_is_scipys(counts):
    expected = scipy_entropy(counts, base=2) if sum(counts) else 0.0
    assert entropy(counts) == pytest.approx(expected, abs=1e-12)


@given(COUNTS)
def test_code_lengths_cost_as_little_as_huffmans(counts):
    lengths = code_lengths(counts)
    by_heap = heap_lengths(counts)
    if np.count_nonzero(counts) > 1 and max(by_heap.values()) <= huffman.MAX_LENGTH:
        assert cost(counts, lengths) == sum(counts[s] * n for s, n in by_heap.items())
    assert ((lengths > 0) == (np.array(counts) > 0)).all()


@pytest.mark.slow
@given(COUNTS)
def test_huffman_is_within_a_bit_of_entropy(counts):
    n = sum(counts)
    if np.count_nonzero(counts) > 1 and max(heap_lengths(counts).values()) <= 15:
        spent = cost(counts, code_lengths(counts))
        assert entropy(counts) * n - 1e-6 <= spent < (entropy(counts) + 1) * n


def test_lengths_stay_within_their_limit_and_are_the_best_there():
    fibonacci = [1, 1]
    while len(fibonacci) < 25:
        fibonacci.append(sum(fibonacci[-2:]))
    assert max(heap_lengths(fibonacci).values()) == 24
    lengths = code_lengths(fibonacci)
    assert lengths.max() == 15
    assert sum(2.0**-n for n in lengths) == 1
    # With three bits for five symbols: by trying all lengths that a code can have.
    counts = [1, 1, 2, 5, 20]
    choices = np.array(np.meshgrid(*[[1, 2, 3]] * 5)).reshape(5, -1).T
    possible = choices[(0.5**choices).sum(axis=1) <= 1]
    assert cost(counts, code_lengths(counts, 3)) == min(possible @ counts)


def test_canonical_codes_count_upwards():
    lengths = np.array([2, 1, 3, 3])  # the example of RFC 1951, section 3.2.2
    assert huffman.canonical_codes(lengths).tolist() == [0b10, 0b0, 0b110, 0b111]


@pytest.mark.parametrize("lengths", [[1, 1, 1], [2, 2], [16, 1], [3]])
def test_impossible_lengths_are_refused(lengths):
    with pytest.raises(CodingError, match="no Huffman code has the lengths"):
        huffman.canonical_codes(np.array(lengths))


@settings(max_examples=examples(200))
@given(SYMBOLS, st.sampled_from(["auto", *CODERS]))
def test_symbols_come_back(symbols, coder):
    table, payload = encode_symbols(symbols, coder)
    tables, payloads = Reader(table, "table"), Reader(payload, "payload")
    found, used = decode_symbols(tables, payloads, len(symbols))
    assert np.array_equal(found, symbols)
    assert used == coder or coder == "auto"
    tables.end()
    payloads.end()


@given(SYMBOLS)
def test_auto_takes_the_smallest(symbols):
    sizes = [sum(map(len, encode_symbols(symbols, coder))) for coder in CODERS]
    assert sum(map(len, encode_symbols(symbols))) == min(sizes)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_rans_beats_whole_bits_and_comes_close_to_entropy(share):
    symbols = (np.random.default_rng(0).random(20_000) > share).astype(np.int64)
    bits = entropy_bits(symbols)
    model = [rans.scaled_counts(counts_of(symbols), 12)]
    data = rans.encode(symbols, model, np.zeros(len(symbols), dtype=int), 12)
    assert bits / 8 <= len(data) <= 1.005 * bits / 8 + 8
    assert len(huffman.encode(symbols, code_lengths(counts_of(symbols)))) == 2500  # one bit each


@given(st.lists(st.integers(0, 500), min_size=1, max_size=60).filter(any), st.integers(6, 14))
def test_frequencies_add_up_and_none_is_lost(counts, precision):
    scaled = rans.scaled_counts(counts, precision)
    assert scaled.sum() == 2**precision
    assert ((scaled > 0) == (np.array(counts) > 0)).all()


def test_models_may_change_from_symbol_to_symbol():
    models = [np.array([1, 3]), np.array([2, 0, 2])]
    symbols, which = np.array([1, 0, 2, 0]), np.array([0, 0, 1, 1])
    data = rans.encode(symbols, models, which, 2)
    assert rans.decode(data, models, [(0, 2), (1, 2)], 2) == [[1, 0], [2, 0]]
    for broken in (data[:-1], data + b"\0\0", b"", bytes([data[0] ^ 1]) + data[1:]):
        with pytest.raises(CodingError):
            rans.decode(broken, models, [(0, 2), (1, 2)], 2)


def test_huffman_names_what_it_cannot_code():
    with pytest.raises(ValueError, match="each have a code"):
        huffman.encode(np.array([2]), np.array([1, 1]))
    with pytest.raises(ValueError, match="max_length 2 is too short for 5"):
        code_lengths([1] * 5, 2)
    with pytest.raises(ValueError, match="counts must not be negative, got -1"):
        code_lengths([1, -1])
    for data, n in ((b"", 3), (b"\0\0", 3), (b"\0", 9)):
        with pytest.raises(CodingError, match="Huffman codes are damaged"):
            huffman.decode(data, n, np.array([1, 1]))


@given(st.sets(st.integers(0, 2000), max_size=100), st.integers(1, 12))
def test_relative_indices_come_back(places, bits):
    places = np.array(sorted(places), dtype=np.int64)
    found = to_relative(places, bits)
    assert found.max(initial=0) < 2**bits
    assert np.array_equal(from_relative(found, bits, 2001), places)
    # By hand: count zeros, and let a filler end each run that is too long.
    by_hand, zeros, last = [], 0, -1
    for place in range(2001):
        if place in set(places.tolist()):
            by_hand.append(zeros)
            zeros, last = 0, len(by_hand)
        else:
            zeros += 1
            if zeros == 2**bits - 1:
                by_hand.append(zeros)
                zeros = 0
    assert found.tolist() == by_hand[: max(last, 0)]


def test_the_papers_picture_of_relative_indices():
    # Figure 2 of arXiv:1510.00149 has weights at 1, 4 and 15 and three bits: differences of 1, 3
    # and 11. The last one does not fit, so it needs one filler there; here as well.
    assert to_relative(np.array([1, 4, 15]), 3).tolist() == [1, 2, 7, 3]


def test_relative_indices_that_lie_are_refused():
    with pytest.raises(CodingError, match="lead past 4 places"):
        from_relative(np.array([3, 0]), 3, 4)
    with pytest.raises(CodingError, match="go from 0 to 7"):
        from_relative(np.array([8]), 3, 40)
    with pytest.raises(ValueError, match="bits must be from 1 to 12, got 13"):
        to_relative(np.array([1]), 13)


@given(st.lists(st.tuples(st.integers(0, 2**20 - 1), st.integers(20, 30)), max_size=40))
def test_codes_are_written_like_strings_of_bits(pairs):
    text = "".join(f"{code:0{length}b}" for code, length in pairs)
    data = pack_codes(np.array([c for c, _ in pairs]), np.array([n for _, n in pairs]))
    assert "".join(f"{byte:08b}" for byte in data) == text.ljust((len(text) + 7) // 8 * 8, "0")


@given(st.binary(min_size=1, max_size=20), st.integers(1, 16))
def test_windows_are_slices_of_a_string_of_bits(data, width):
    text = "".join(f"{byte:08b}" for byte in data) + "0" * 16
    expected = [int(text[i : i + width], 2) for i in range(8 * len(data))]
    assert windows(data, width).tolist() == expected


@given(st.integers(0, 2**40), st.lists(st.integers(0, 2**11 - 1), max_size=30))
def test_a_reader_gives_back_what_was_written(number, numbers):
    data = varint(number) + pack_numbers(np.array(numbers, dtype=np.int64), 11)
    reader = Reader(data, "test")
    assert reader.varint(2**40) == number
    assert reader.numbers(len(numbers), 11).tolist() == numbers
    reader.end()


def test_a_reader_says_what_is_wrong():
    with pytest.raises(CodingError, match="test is damaged: a number is larger than 3"):
        Reader(varint(4), "test").varint(3)
    with pytest.raises(CodingError, match="test is damaged: 2 bytes expected, 1 left"):
        Reader(b"a", "test").take(2)
    with pytest.raises(CodingError, match="a number is larger"):
        Reader(b"\x80" * 30 + b"\0", "test").varint(2**80)
    with pytest.raises(CodingError, match="1 bytes are left over"):
        Reader(b"a", "test").end()


def test_counts():
    symbols = np.array([3, 1, 3])
    assert dict(enumerate(counts_of(symbols, 5))) == {
        **dict.fromkeys(range(5), 0),
        **Counter({3: 2, 1: 1}),
    }
