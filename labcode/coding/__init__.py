"""Coding: entropy coders, positions of sparse weights, and the course's compressed file."""

from labcode.coding.container import pack, unpack
from labcode.coding.entropy import counts_of, entropy, entropy_bits
from labcode.coding.errors import CodingError
from labcode.coding.huffman import canonical_codes, code_lengths
from labcode.coding.relative import from_relative, to_relative
from labcode.coding.report import Report, report
from labcode.coding.symbols import decode_symbols, encode_symbols

__all__ = [
    "CodingError",
    "Report",
    "canonical_codes",
    "code_lengths",
    "counts_of",
    "decode_symbols",
    "encode_symbols",
    "entropy",
    "entropy_bits",
    "from_relative",
    "pack",
    "report",
    "to_relative",
    "unpack",
]
