"""Models by their name in the shell: of torchvision, of timm, or of a function that makes one."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labcode.command.errors import CommandError, one_line

if TYPE_CHECKING:
    from torch import nn


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add what every subcommand on a model asks for: the model, and the shape of its input."""
    parser.add_argument(
        "model",
        help="torchvision:NAME, timm:NAME, package.module:function or file.py:function, which "
        "makes one",
    )
    parser.add_argument(
        "--input",
        type=shape,
        default=(3, 224, 224),
        metavar="C,H,W",
        help="one input without the batch, such as 3,224,224 (the default)",
    )


def shape(text: str) -> tuple[int, ...]:
    """Return a shape from how it is written in the shell.

    Raises:
        argparse.ArgumentTypeError: if it is not positive whole numbers with commas or an x between.

    >>> shape("3,224,224"), shape("1x28x28")
    ((3, 224, 224), (1, 28, 28))
    """
    parts = re.split(r"\s*[,x×]\s*", text.strip())
    if not all(re.fullmatch(r"[0-9]+", part) and int(part) for part in parts):
        raise argparse.ArgumentTypeError(f"must be sizes such as 3,224,224, got {text!r}")
    return tuple(map(int, parts))


def model_named(name: str) -> nn.Module:
    """Return a model with fresh weights; nothing is downloaded.

    Args:
        name: "torchvision:resnet50", "timm:resnet50", "package.module:function" or
            "path/file.py:function", where the function takes no arguments and returns a model, or
            is one.

    Raises:
        CommandError: if the name is not of that form, or if there is no such model.
    """
    source, colon, wanted = name.rpartition(":")
    if not (source and colon and wanted):
        raise CommandError(
            "a model is named torchvision:NAME, timm:NAME, package.module:function or "
            f"path/file.py:function, not {name!r}"
        )
    make = {"torchvision": _from_torchvision, "timm": _from_timm}.get(source)
    try:
        model = make(wanted) if make else _from_function(source, wanted)
    except CommandError:
        raise
    except Exception as error:  # whatever a model's own code raises
        raise CommandError(f"{name} cannot be made: {one_line(error)}") from error
    return _checked(name, model)


def _checked(name: str, model: Any) -> nn.Module:
    from torch import nn  # only here: a wrong name is told without PyTorch

    if not isinstance(model, nn.Module):
        raise CommandError(
            f"{name} gives an object of type {type(model).__name__}, not a torch.nn.Module"
        )
    return model


def _from_torchvision(name: str) -> Any:
    from torchvision import models

    if name not in models.list_models():
        raise CommandError(f"torchvision has no model {name!r}{_like(name, models.list_models())}")
    make = models.get_model_builder(name)
    takes = inspect.signature(make).parameters
    return make(**dict.fromkeys(name for name in ("weights", "weights_backbone") if name in takes))


def _from_timm(name: str) -> Any:
    try:
        timm = importlib.import_module("timm")
    except ImportError as error:
        raise CommandError("timm is not installed, so it has no models to count") from error
    if not timm.is_model(name):
        raise CommandError(f"timm has no model {name!r}{_like(name, timm.list_models())}")
    return timm.create_model(name, pretrained=False)


def _from_function(source: str, name: str) -> Any:
    try:
        found: Any = _file(source) if source.endswith(".py") else importlib.import_module(source)
    except ImportError as error:
        raise CommandError(f"{source} cannot be imported: {one_line(error)}") from error
    for part in name.split("."):
        if not hasattr(found, part):
            raise CommandError(f"{source} has no {name!r}")
        found = getattr(found, part)
    from torch import nn

    return found if isinstance(found, nn.Module) or not callable(found) else found()


def _file(path: str) -> Any:
    """Return the module of a file, which may import what lies beside it."""
    place = Path(path).expanduser().resolve()
    if not place.is_file():
        raise CommandError(f"there is no file {path}")
    spec = importlib.util.spec_from_file_location(place.stem, place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(place.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(place.parent))
    return module


def _like(name: str, names: list[str]) -> str:
    from difflib import get_close_matches  # only for a message

    near = get_close_matches(name, names, 3)
    return f"; did you mean {' or '.join(near)}?" if near else ""
