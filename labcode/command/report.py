"""Say what an ONNX file holds: operators, parameters, and bytes by type."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from math import ceil, prod
from pathlib import Path
from typing import Any

from labcode.command.errors import CommandError, one_line
from labcode.show.numbers import exact, scaled
from labcode.show.tables import Table, markdown_table, text_table

_BITS = {"INT4": 4, "UINT4": 4, "FLOAT4E2M1": 4, "INT2": 2, "UINT2": 2}  # others: whole bytes


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.add_argument("file", type=Path, help="a file that ends in .onnx")
    parser.add_argument("--markdown", action="store_true", help="write the tables as Markdown")


def run(arguments: argparse.Namespace) -> str:
    """Return the tables.

    Raises:
        CommandError: if there is no such file, or if it is not an ONNX file.
    """
    graph = _graph(arguments.file)
    graphs = [graph, *_inner(graph)]
    tensors = [tensor for g in graphs for tensor in _tensors(g)]
    write = markdown_table if arguments.markdown else text_table
    tables = [_operators(graphs), _types(tensors, arguments.file)]
    return "\n\n".join(map(write, tables))


def _graph(path: Path) -> Any:
    try:
        import onnx  # only here: `--help` needs none
    except ImportError as error:
        raise CommandError("onnx is not installed, which reads the file") from error
    if not path.is_file():
        raise CommandError(f"there is no file {path}")
    try:
        graph = onnx.load(str(path), load_external_data=False).graph
    except Exception as error:  # protobuf's own kinds of errors
        raise CommandError(f"{path} is not an ONNX file ({one_line(error)})") from error
    if not graph.node:
        raise CommandError(f"{path} is not an ONNX file, or its graph is empty")
    return graph


def _inner(graph: Any) -> Iterator[Any]:
    """Yield the graphs inside nodes, such as the two sides of an If."""
    for node in graph.node:
        for attribute in node.attribute:
            for inner in [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]:
                yield inner
                yield from _inner(inner)


def _tensors(graph: Any) -> Iterator[Any]:
    """Yield the tensors that a file stores: initializers, and values of Constant nodes."""
    yield from graph.initializer
    for node in graph.node:
        if node.op_type == "Constant":
            yield from (a.t for a in node.attribute if a.HasField("t"))


def _operators(graphs: list[Any]) -> Table:
    names = Counter(
        f"{node.domain}::{node.op_type}" if node.domain not in ("", "ai.onnx") else node.op_type
        for graph in graphs
        for node in graph.node
    )
    rows = tuple((name, f"{n:,}") for name, n in names.most_common())
    total = ("Total", f"{sum(names.values()):,}")
    return Table("Operators", ("Operator", "Nodes"), rows, total, frozenset({1}))


def _types(tensors: list[Any], path: Path) -> Table:
    import onnx

    numbers: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for tensor in tensors:
        kind = onnx.TensorProto.DataType.Name(tensor.data_type)
        numbers[kind] += prod(tensor.dims)
        sizes[kind] += _bytes(tensor, kind)
    rows = tuple((k.lower(), f"{n:,}", f"{sizes[k]:,}") for k, n in numbers.most_common())
    total = ("Total", f"{sum(numbers.values()):,}", f"{sum(sizes.values()):,}")
    caption = (
        f"{path.name}, {scaled(path.stat().st_size, 'B')}: "
        f"{exact(sum(numbers.values()))} stored numbers, by type"
    )
    return Table(caption, ("Type", "Numbers", "Bytes"), rows, total, frozenset({1, 2}))


def _bytes(tensor: Any, kind: str) -> int:
    """Return the bytes of a tensor's numbers, without those of its name."""
    if kind == "STRING":
        return sum(len(text) for text in tensor.string_data)
    numbers: int = prod(tensor.dims)
    if kind in _BITS:
        return ceil(numbers * _BITS[kind] / 8)
    import onnx

    size: int = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    return numbers * size
