"""The command for the shell: what it says, where, and with which code it ends."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from labcode import count
from labcode.command import main
from labcode.command.models import model_named


def make_small() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())


SMALL = make_small()
NOTHING = 3


def fail() -> nn.Module:
    raise RuntimeError("on\npurpose")


@pytest.mark.parametrize("name", ["make_small", "SMALL"])
def test_count_shows_the_table(name: str, capsys: Any) -> None:
    assert main(["count", f"tests.test_command:{name}", "--input", "3,8,8"]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{count(SMALL, (3, 8, 8))}\n"
    assert captured.err == ""


@pytest.mark.parametrize(
    ("options", "first"),
    [(["--by", "block"], "Block"), (["--by", "operation"], "Operation"), ([], "Layer")],
)
def test_count_in_other_ways(options: list[str], first: str, capsys: Any) -> None:
    words = ["count", "tests.test_command:SMALL", "--input", "3x8x8", "--markdown", *options]
    assert main(words) == 0
    assert f"| {first} |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["count", "resnet18"], "a model is named torchvision:NAME"),
        (["count", "torchvision:resnet19"], "has no model 'resnet19'; did you mean resnet1"),
        (["count", "no_such_package:f"], "no_such_package cannot be imported"),
        (["count", "tests.test_command:nothing"], "has no 'nothing'"),
        (
            ["count", "tests.test_command:NOTHING"],
            "gives an object of type int, not a torch.nn.Module",
        ),
        (["count", "tests.test_command:fail"], "cannot be made: on purpose"),
        (["count", "tests.test_command:SMALL", "--input", "4,8,8"], "expects 3 input channels"),
        (["report", "no.onnx"], "there is no file no.onnx"),
        (["report", __file__], "is not an ONNX file"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(words: list[str], text: str, capsys: Any) -> None:
    assert main(words) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert text in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nonsense"],
        ["count"],
        ["count", "a:b", "--input", "3,x"],
        ["count", "a:b", "--depth", "0"],
    ],
)
def test_words_that_are_not_understood(words: list[str], capsys: Any) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_no_network_of_torchvision_downloads_anything(monkeypatch: Any) -> None:
    """Detectors and segmenters would fetch weights of their backbone."""
    from torchvision import models

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("weights were asked for")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", refuse)
    for name in ("ssdlite320_mobilenet_v3_large", "lraspp_mobilenet_v3_large"):
        assert isinstance(model_named(f"torchvision:{name}"), nn.Module)
    for name in models.list_models():
        asked = inspect.signature(models.get_model_builder(name)).parameters
        weights = {argument for argument in asked if "weights" in argument}
        assert weights - {"init_weights"} <= {"weights", "weights_backbone"}, name


def test_timm_is_told_where_it_is_missing(monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    assert main(["count", "timm:resnet50"]) == 1
    assert "timm is not installed" in capsys.readouterr().err


def test_timm_is_asked_where_it_is_installed(monkeypatch: Any) -> None:
    class Timm:
        is_model = staticmethod("small".__eq__)
        list_models = staticmethod(lambda: ["small"])
        create_model = staticmethod(lambda name, pretrained: SMALL)

    monkeypatch.setitem(sys.modules, "timm", Timm)
    assert model_named("timm:small") is SMALL


def _file(path: Path) -> Path:
    """Write a graph with three types of numbers, one in 4 bits, and a branch with one node."""
    weights = [
        numpy_helper.from_array(np.zeros((4, 3), np.float32), "w"),
        numpy_helper.from_array(np.zeros(5, np.int8), "q"),
        helper.make_tensor("h", TensorProto.UINT4, [3], [1, 2, 3]),
    ]
    value = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    inner = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "side", [], [value])
    nodes = [
        helper.make_node("Gemm", ["x", "w"], ["a"]),
        helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner),
    ]
    graph = helper.make_graph(nodes, "g", [], [], weights)
    onnx.save(helper.make_model(graph), str(path))
    return path


def test_report_says_what_a_file_holds(tmp_path: Path, capsys: Any) -> None:
    path = _file(tmp_path / "small.onnx")
    assert main(["report", str(path), "--markdown"]) == 0
    out = capsys.readouterr().out
    assert "| Relu | 2 |" in out
    assert "| Gemm | 1 |" in out
    assert "| float | 12 | 48 |" in out
    assert "| int8 | 5 | 5 |" in out
    assert "| uint4 | 3 | 2 |" in out
    assert "| **Total** | **20** | **55** |" in out


def test_the_shell_gets_the_code() -> None:
    words = [sys.executable, "-m", "labcode", "count", "nonsense"]
    run = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("labcode count: ")


def test_check_says_what_the_methods_say(capsys: Any) -> None:
    words = ["check", "tests.test_command:make_small", "--input", "3,8,8"]
    assert main([*words, "--method", "prune weights", "--method", "count"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Sequential: 1 layers, 112 parameters")
    assert "prune weights  yes" in shown
    assert main([*words, "--method", "magic"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("labcode check: methods must be among count, prune weights")
    assert error.count("\n") == 1
