"""Why a layer is of no use to any method, and where weights are computed: each sentence once.

A method puts the layer's name before a reason and raises it; the preflight shows what was raised.
So the same layer is refused in the same words by every method that cannot take it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.nn.utils import parametrize, prune
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

Hook = WeightNorm | SpectralNorm | prune.BasePruningMethod

TO_FLOAT32 = "call model.float() first"
EXPORTED = "it was exported for other sizes"  # by torch.export
NUMBERS = ("weight", "bias", "running_mean", "running_var")  # of PyTorch's layers: always finite
QUANTIZED = ("torch.ao.nn", "torch.nn.quantized")  # where PyTorch's quantized layers live


def unusable(layer: nn.Module) -> str:
    """Say why nobody can reach a layer's own weights; nothing if they can be reached.

    Args:
        layer: Any module; the layers in it are not looked at.

    >>> unusable(nn.LazyLinear(3))
    'is a LazyLinear, which has no weights before its first run: run the network once'
    """
    kind = type(layer).__name__
    if isinstance(layer, torch.jit.ScriptModule):
        return compiled(layer)
    if type(layer).__module__.startswith(QUANTIZED):
        return f"is quantized already (PyTorch's {kind}): give the network in floating point"
    own = (*layer.parameters(recurse=False), *layer.buffers(recurse=False))
    if any(is_lazy(tensor) for tensor in own):
        return f"is a {kind}, which has no weights before its first run: run the network once"
    if any(tensor.is_meta for tensor in own):
        return f"is a {kind} on the meta device, where there are no numbers: load its weights first"
    return ""


def compiled(layer: nn.Module) -> str:
    """Say that a module is scripted, wrapped by torch.compile or exported; nothing if it is not.

    Args:
        layer: Any module. What torch.compile wraps can be reached, but not traced once more; what
            torch.export made has operations in place of layers.
    """
    if hasattr(layer, "_guards_fn"):
        return f"is exported ({type(layer).__name__}): give the network that it was made from"
    if isinstance(layer, torch.jit.ScriptModule) or hasattr(layer, "_orig_mod"):
        return f"is compiled ({type(layer).__name__}): give the network that it was made from"
    return ""


def called(name: str) -> str:
    """Return a layer's name for an error; the network itself has an empty one.

    >>> called("conv1"), called("")
    ("'conv1'", 'the network itself')
    """
    return repr(name) if name else "the network itself"


def damaged(layer: nn.Module) -> str:
    """Say which numbers of a layer are not finite; nothing if all are.

    Args:
        layer: Any module; the layers in it are not looked at. Infinity in a table of its own may be
            meant, as in a mask of attention; NaN is not.

    >>> norm = nn.BatchNorm2d(3)
    >>> norm.running_var[1] = float("nan")
    >>> damaged(norm)
    'its running_var holds NaN or infinity'
    """
    own = [*layer.named_parameters(recurse=False), *layer.named_buffers(recurse=False)]
    for name, tensor in own:
        if is_lazy(tensor) or tensor.is_meta or not tensor.is_floating_point():
            continue
        values = tensor.detach().to_dense() if tensor.layout != torch.strided else tensor.detach()
        if name in NUMBERS and not bool(values.isfinite().all()):
            return f"its {name} holds NaN or infinity"
        if bool(values.isnan().any()):
            return f"its {name} holds NaN"
    return ""


def refuse_damaged(model: nn.Module, done: str, error: type[ValueError] = ValueError) -> None:
    """Refuse a network that holds numbers which are not finite, and name their layer.

    Args:
        model: Any network.
        done: What cannot be done with the layer, such as "quantized".
        error: What is raised.

    >>> refuse_damaged(nn.Linear(2, 1), "quantized")
    """
    for name, module in model.named_modules():
        if why := damaged(module):
            raise error(f"{called(name)} cannot be {done}: {why}")


def not_stored(tensor: Tensor) -> str:
    """Say why no file of the course can hold a tensor: it is sparse, or has no numbers.

    >>> not_stored(torch.eye(2).to_sparse())
    'is stored sparsely (sparse_coo): store it densely, as tensor.to_dense() does'
    """
    if tensor.is_meta:
        return "is on the meta device, where there are no numbers"
    if tensor.layout == torch.strided:
        return ""
    layout = str(tensor.layout).removeprefix("torch.")
    return f"is stored sparsely ({layout}): store it densely, as tensor.to_dense() does"


def refuse_unusable(model: nn.Module) -> None:
    """Refuse a network with a layer whose weights nobody can reach.

    Args:
        model: Any network.

    Raises:
        TypeError: It is not a network.
        ValueError: A layer is `unusable`; the sentence names it.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    for name, layer in model.named_modules():
        if why := unusable(layer):
            raise ValueError(f"{called(name)} {why}")


def computed_in(layer: nn.Module) -> dict[str, str]:
    """Return a layer's own weights that are computed before each run, with what computes them.

    Args:
        layer: Any module.

    >>> computed_in(nn.utils.parametrizations.weight_norm(nn.Linear(3, 2)))
    {'weight': '_WeightNorm'}
    """
    found = {}
    for _, hook in hooks_of(layer):
        own = hook._tensor_name if isinstance(hook, prune.BasePruningMethod) else hook.name
        found[own] = type(hook).__name__
    if parametrize.is_parametrized(layer):
        for own, chain in layer.parametrizations.items():  # type: ignore[union-attr, operator]
            found[own] = " and ".join(type(p).__name__ for p in chain)
    return found


def hooks_of(layer: nn.Module) -> list[tuple[int, Hook]]:
    """Return the hooks of the older kind that compute a weight, with their keys."""
    hooks = layer._forward_pre_hooks.items()
    return [(key, hook) for key, hook in hooks if isinstance(hook, Hook)]


def computes(layer: nn.Module) -> str:
    """Say that a layer computes its weight; nothing if it does not.

    >>> computes(nn.utils.weight_norm(nn.Linear(3, 2)))
    'computes its weight from other tensors before each run (by WeightNorm)'
    """
    found = computed_in(layer)
    makers = " and ".join(dict.fromkeys(found.values()))
    names = " and ".join(found)
    return f"computes its {names} from other tensors before each run (by {makers})" * bool(found)


def one_input(number: int) -> str:
    """Say that a method is for networks with one input; nothing if there is one.

    >>> one_input(2)
    'the network has 2 inputs, and this method is for networks with one'
    """
    if number == 1:
        return ""
    return f"the network has {number} inputs, and this method is for networks with one"


def does_not_run(network: str, tensors: Iterable[Tensor], error: BaseException) -> str:
    """Say on what a network was tried, and what it said to that, in one line.

    Args:
        network: What to call it.
        tensors: Its inputs, by position.
        error: What it raised.

    >>> does_not_run("Two", [torch.zeros(2, 3)], TypeError("forward() misses 'y'"))
    "Two does not run on one tensor, (2, 3): forward() misses 'y'"
    """
    shapes = [str(tuple(tensor.shape)) for tensor in tensors]
    number = "one tensor" if len(shapes) == 1 else f"{len(shapes)} tensors"
    return f"{network} does not run on {number}, {' and '.join(shapes)}: {why_it_stopped(error)}"


def why_it_stopped(error: BaseException) -> str:
    """Return the first line of what a network raised; of torch.export's guards what they mean.

    >>> why_it_stopped(AssertionError("Guard failed: x.size()[0] == 1"))[:37]
    'it was exported for other sizes (Guar'
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    why = lines[0] if lines else type(error).__name__
    if isinstance(error, LookupError):  # whose text is no more than what was not found
        why = f"{type(error).__name__}: {why}"
    if why.startswith("Guard failed"):
        return f"{EXPORTED} ({why}): give the network that it was made from"
    return why


@contextmanager
def clear_failure(model: nn.Module, tensors: Iterable[Tensor]) -> Iterator[None]:
    """Turn whatever a network raises while it runs into one sentence.

    Args:
        model: What runs.
        tensors: What it runs on.

    Raises:
        ValueError: It raised something. A sentence of the course itself stays as it is.
    """
    try:
        yield
    except (ValueError, TypeError):
        raise
    except Exception as error:
        raise ValueError(does_not_run(type(model).__name__, tensors, error)) from error


def odd_answer(kind: str, network: str = "the network", place: str = "") -> str:
    """Say that an answer of a network is of a kind in which nobody finds the tensors.

    Args:
        kind: Of the answer.
        network: What to call it.
        place: Where it stands in the whole answer, such as "[0]".

    >>> odd_answer("Found")[:60]
    "the network's answer is a Found, which cannot be compared: l"
    """
    return (
        f"{network}'s answer{place and ' at ' + place} is a {kind}, which cannot be compared: let "
        "it return tensors, in tuples, lists or dicts"
    )


def sentence(error: BaseException) -> str:
    """Return what an error says in one line, a table's cell or a line of the shell.

    An error that a method raises on purpose is its own sentence; of another one the kind is said.

    >>> sentence(ValueError("kept must be at most 1")), sentence(KeyError("x"))
    ('kept must be at most 1', "KeyError: 'x'")
    """
    text = " ".join(str(error).split()) or type(error).__name__
    meant = isinstance(error, (ValueError, TypeError))
    return text if meant or text == type(error).__name__ else f"{type(error).__name__}: {text}"
