"""What each method makes of a network, side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from labcode import coding, pruning, quantization, runtime
from labcode._checks import check_int, check_number
from labcode._copied import copied
from labcode._refusals import called, sentence
from labcode.own.answer import logits_of
from labcode.preflight.facts import look
from labcode.pruning.cut_trial import Ordinary
from labcode.pruning.joint import explained_plan
from labcode.quantization.folding import folded_and_left
from labcode.runtime.int8 import onnx_logits
from labcode.runtime.timing import ready_to_run, time_in_turn
from labcode.training.evaluation import eval_mode

FEWEST = 4  # images: two that calibrate and two that judge


@dataclass(frozen=True)
class Variant:
    """One form of a network.

    Args:
        name: What was done to it.
        size: Bytes of its file; None if the method refused.
        agreement: Part of the images that judge on which its largest output is that of the
            network as it was; None if the method refused.
        milliseconds: Median time of one image in ONNX Runtime, in turn with the others; None for
            a file that is not an ONNX file.
        refusal: The method's own sentence; empty if it did not refuse.
        note: What its numbers do not say; empty where there is nothing to add.
        file: The file itself.
    """

    name: str
    size: int | None = None
    agreement: float | None = None
    milliseconds: float | None = None
    refusal: str = ""
    note: str = ""
    file: bytes = b""

    def __repr__(self) -> str:
        """Leave the file out."""
        if self.refusal:
            return f"Variant({self.name!r}: {self.refusal})"
        return f"Variant({self.name!r}: {self.size:,} bytes, {self.agreement:.0%} agree)"


@dataclass(frozen=True)
class _Made:
    """A file, its answers, whether the runtime can run it, and what its size does not say."""

    file: bytes
    answers: Tensor
    runs: bool = True
    note: str = ""


@dataclass(frozen=True)
class _Cut:
    """A network that lost channels, and what its name does not say."""

    network: nn.Module
    note: str


def variants(
    model: nn.Module,
    images: Tensor,
    *,
    kept: float = 0.75,
    multiple: int = 8,
    bits: int = 4,
    runs: int = 20,
) -> list[Variant]:
    """Compress a classification network in several ways, without training or labels.

    The first half of the images calibrates ranges and repairs cut layers. The second half judges:
    on how many of its images does the largest output stay the same? All forms that ONNX Runtime
    can run are timed in turn, on one thread.

    Args:
        model: Turns images (N, C, H, W) into logits (N, classes); left as it is.
        images: Pictures as the network meets them, (N, C, H, W), at least 4.
        kept: Part of the channels that a cut leaves, above 0 to 1.
        multiple: Their number is rounded up to a multiple of this: ONNX Runtime can be twice as
            slow with others.
        bits: Of the numbers of shared values in the packed file, 1 to 8.
        runs: Timed runs of each, at least 2.

    Returns:
        The network as it is, in int8, cut, cut and in int8, and packed with shared values. What a
        method refuses is a variant too, with its sentence; so are all, where the network gives no
        logits.

    Raises:
        ValueError: A number is out of range, there are too few images, or they are not finite.
    """
    if images.ndim != 4 or len(images) < FEWEST:
        raise ValueError(
            f"images must be at least {FEWEST} (N, C, H, W), got {tuple(images.shape)}"
        )
    if not bool(images.isfinite().all()):
        raise ValueError("images must be finite")
    if check_number("kept", kept, above=0.0) > 1:
        raise ValueError(f"kept must be at most 1, got {kept!r}")
    check_int("multiple", multiple)
    check_int("bits", bits)
    check_int("runs", runs, minimum=2)
    plain = copied(model).cpu().eval()
    seen, fresh = images[: len(images) // 2], images[len(images) // 2 :]
    cut = _once(lambda: _cut(plain, seen, kept, multiple))  # two ways need it, and it takes longest
    ways: dict[str, Callable[[], _Made]] = {
        "as it is": lambda: _exported(plain, fresh),
        "int8": lambda: _in_int8(plain, seen, fresh),
        f"{kept:.0%} of the channels": lambda: _with_note(
            _exported(cut().network, fresh), cut().note
        ),
        f"{kept:.0%} of the channels, int8": lambda: _in_int8(cut().network, seen, fresh),
        f"packed, {2**bits} values a layer": lambda: _packed(plain, fresh, bits),
    }
    try:
        wanted = logits_of(plain, fresh)
    except Exception as error:  # whatever the network raises
        return [Variant(name, refusal=sentence(error)) for name in ways]
    return _judged({name: _tried(way) for name, way in ways.items()}, wanted, fresh, runs)


def _once(make: Callable[[], _Cut]) -> Callable[[], _Cut]:
    """Return what makes something at the first call, and raises again what was raised then."""
    made: list[_Cut | Exception] = []

    def given() -> _Cut:
        if not made:
            try:
                made.append(make())
            except Exception as error:
                made.append(error)
        if isinstance(made[0], Exception):
            raise made[0]
        return made[0]

    return given


def _tried(way: Callable[[], _Made]) -> _Made | str:
    try:
        return way()
    except Exception as error:  # the methods' own sentences, and whatever else there may be
        return sentence(error)


def _exported(model: nn.Module, fresh: Tensor) -> _Made:
    with eval_mode(model), torch.no_grad():
        return _Made(runtime.to_onnx(model, tuple(fresh.shape[1:])), model(fresh))


def _in_int8(model: nn.Module, seen: Tensor, fresh: Tensor) -> _Made:
    file = runtime.to_int8(model, seen)
    return _Made(file, onnx_logits(file, fresh, 1))


def _with_note(made: _Made, note: str) -> _Made:
    return replace(made, note=note)


def _cut(model: nn.Module, seen: Tensor, kept: float, multiple: int) -> _Cut:
    """Fold, cut the channels with the smallest norms, and repair what is left."""
    shape = tuple(seen.shape[1:])
    folded, _ = folded_and_left(model, shape)  # the preflight names the norms that stay
    scores = pruning.unit_norms(folded)
    plan, why = explained_plan(folded, scores, kept, shape, multiple=multiple)
    whole = [name for name in scores if name in why]
    if len(whole) == len(scores) and kept < 1:
        raise ValueError(f"no layer can lose channels: {_first(whole, why)}")
    repaired = pruning.repair(folded, pruning.cut(folded, plan, shape), plan, seen)
    odd = [name for name in whole if not isinstance(why[name], Ordinary)]
    note = f"{len(odd)} of {len(scores)} layers keep all channels: {_first(odd, why)}"
    return _Cut(repaired, note * bool(odd and kept < 1))


def _first(names: list[str], why: dict[str, str]) -> str:
    """Say of the first layer why it stays whole."""
    return f"{called(names[0])}, because {why[names[0]]}" if names else ""


def _packed(model: nn.Module, fresh: Tensor, bits: int) -> _Made:
    shared = copied(model)
    quantization.share_weights(shared, bits)
    with torch.no_grad():
        return _Made(coding.pack(shared), shared(fresh), runs=False, note=_idle(model, fresh))


def _idle(model: nn.Module, fresh: Tensor) -> str:
    """Say that a file of all weights holds some that no answer needs; nothing if it does not."""
    layers = look(model, lambda twin: twin(fresh[:2])).layers
    idle = sum(one.weights for one in layers if not one.calls and not one.inside)
    if not idle:
        return ""
    return (
        f"it holds {idle:,} parameters of layers that do not run when the network answers, such as "
        "heads for training; the ONNX files leave them out"
    )


def _judged(
    made: dict[str, _Made | str], wanted: Tensor, fresh: Tensor, runs: int
) -> list[Variant]:
    files = {n: m.file for n, m in made.items() if isinstance(m, _Made) and m.runs}
    one = fresh[:1].contiguous().numpy()
    ready = {n: ready_to_run(runtime.onnx_session(file), one) for n, file in files.items()}
    timings = time_in_turn(ready, runs=runs) if ready else {}
    found, note = [], _note(wanted)  # which the first form with numbers carries
    for name, result in made.items():
        if isinstance(result, str):
            found.append(Variant(name, refusal=result))
            continue
        agree = (result.answers.argmax(1) == wanted.argmax(1)).float().mean()
        clock = timings[name].median_ms if name in timings else None
        size = len(result.file)
        said = "; ".join(filter(None, (note, result.note)))
        found.append(Variant(name, size, float(agree), clock, note=said, file=result.file))
        note = ""
    return found


def _note(wanted: Tensor) -> str:
    """Say where agreement shows nothing, as of a network that was never trained."""
    if len(set(wanted.argmax(1).tolist())) > 1:
        return ""
    return (
        f"it gives one answer to all {len(wanted)} pictures that judge, as untrained networks do, "
        "so the same answers of the others show little"
    )
