"""The file that a runtime would run for each row of the scoreboard, and the memory that it needs.

A technique that no kernel knows changes nothing here: a network with zeros or with two-bit weights
runs as the same dense float32 file as before. That is why its row shows no gain in time.
"""

from __future__ import annotations

import torch
from torch import nn

from labcode import data
from labcode.distillation.networks import student
from labcode.early_exit import stage_files
from labcode.models.blocks import BLOCKS, backbone, widths
from labcode.models.exit_network import Trunk
from labcode.models.slimmable_cnn import slimmable_cnn
from labcode.runtime import peak_activation_bytes, to_int8, to_onnx
from labcode.studies.blocks.block_trials import BUDGETS
from labcode.studies.low_rank.low_rank_trials import cut_network
from labcode.studies.pruning.unit_trials import WIDTHS, cut_by
from labcode.weights import baselines, load_exits

INPUT_SHAPE = (1, 28, 28)
CALIBRATION = 200  # training images that set the ranges of int8
BASELINES = ("lenet5", "lenet_300_100", "small_cnn")
# Techniques that change a file's bytes or a network's accuracy and leave the operations alone.
SAME_OPERATIONS = (
    "uncompressed",
    "pruned",
    "4-bit",
    "2-bit",
    "ternary",
    "binary",
    "Deep Compression",
)


def deployed_model(network: str, technique: str) -> nn.Module:
    """Return a network with the shapes that a technique leaves; its weights may be untrained.

    Args:
        network: As in the scoreboard's tables, such as "lenet5".
        technique: As there, such as "half of the filters cut out".

    Raises:
        ValueError: No rule says what runs for this row.
    """
    if network == "student":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)  # rows with the same layers get the same file
            return student()
    if network == "exit_cnn" and technique.startswith("slimmable"):
        slim = slimmable_cnn().eval()
        slim.width = 0.5  # as its row says
        return slim
    if network == "exit_cnn":
        exits = load_exits()
        return exits if technique.startswith("early exit") else Trunk(exits)
    kind = technique.removesuffix(" blocks")
    if network == "backbone" and kind in BLOCKS:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return backbone(kind, *widths(kind, BUDGETS[0]))
    if network in BASELINES:
        model = baselines.load(network, seed=0)
        if technique.startswith((*SAME_OPERATIONS, "int8")):
            return model
        if technique.startswith("half of the filters cut out"):
            return cut_by(model, WIDTHS[network]["half"], "L1 norm", 0)
        if technique.startswith("first layer of rank "):
            return cut_network(network, "weights", int(technique.split()[-1]), 0)
    raise ValueError(f"no rule says which file runs for {network!r}, {technique!r}")


def deployed_file(network: str, technique: str) -> bytes:
    """Return the ONNX file of a row: int8 where the technique is, else float32.

    Args:
        network: See `deployed_model`.
        technique: See `deployed_model`.
    """
    model = deployed_model(network, technique)
    if is_int8(technique):
        return to_int8(model, data.load("mnist5k").train.images[:CALIBRATION])
    return to_onnx(model, INPUT_SHAPE)


def float_files(network: str, technique: str) -> tuple[bytes, ...]:
    """Return the float32 ONNX files of a row: the stages of early exits, else one file.

    Args:
        network: See `deployed_model`.
        technique: See `deployed_model`.
    """
    if technique.startswith("early exit"):
        return stage_files(load_exits())
    return (to_onnx(deployed_model(network, technique), INPUT_SHAPE),)


def activation_bytes(network: str, technique: str) -> int:
    """Return the peak activation memory of a row for one image; int8 takes a byte a value.

    Args:
        network: See `deployed_model`.
        technique: See `deployed_model`.
    """
    each = 1 if is_int8(technique) else 4
    files = float_files(network, technique)
    return max(peak_activation_bytes(file, bytes_each=each) for file in files)


def is_int8(technique: str) -> bool:
    """Return whether a runtime computes in int8 for this technique.

    >>> is_int8("half of the filters cut out, int8"), is_int8("4-bit QAT")
    (True, False)
    """
    return "int8" in technique.replace(",", " ").split()
