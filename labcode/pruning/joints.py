"""Which channels of which layers belong together, from torch-pruning's dependency graph."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from labcode._copied import copied
from labcode._refusals import why_it_stopped
from labcode._walk import shapes_of
from labcode.pruning.agreement import leaves
from labcode.pruning.followed import Bound, EndlessError
from labcode.pruning.plan import KNOWN, full_plan, uncuttable, whole_plan


class Share(NamedTuple):
    """What one layer loses when channels of another go.

    Args:
        name: The layer.
        is_output: Whether it loses outputs, not inputs.
        numbers: Which of them.
        roots: For each the channel that it goes with.
    """

    name: str
    is_output: bool
    numbers: list[int]
    roots: list[int]


class UnfollowedError(ValueError):
    """How a layer is joined to another one could not be followed; the reason is said of it."""


class Joints:
    """How the layers of a network are joined, found by following the gradient's graph.

    Where a branch runs only in training, the graph of training mode is followed.

    Args:
        model: The network; a copy is looked at.
        input_shape: One image; for several inputs a list of shapes.
        around: Whether a network with layers that cannot be cut is taken all the same: they are
            not in ``plan``, and what is joined to them is shared with them.

    Raises:
        ValueError: A layer cannot be cut, the network does not run, or its graph cannot be
            followed.
    """

    def __init__(
        self, model: nn.Module, input_shape: Sequence[int], *, around: bool = False
    ) -> None:
        """Run the copy and follow its graph."""
        self.plan = whole_plan(model) if around else full_plan(model)
        self.uncuttable = uncuttable(model)
        self._twin = copied(model).cpu().float().eval()
        for parameter in self._twin.parameters():
            if parameter.is_floating_point() or parameter.is_complex():
                parameter.requires_grad_(True)  # the graph is found through the gradient
        self._images = [torch.rand(2, *shape) for shape in shapes_of(input_shape)]
        self._names = {module: name for name, module in self._twin.named_modules()}
        named = self._twin.named_parameters()  # a single number goes with any channels
        self._parameters = {p: name for name, p in named if p.numel() > 1}
        self.running = self._running(training=False)
        training = self._in_training()
        self.running |= training
        self._graph = self._follow(bool(training))
        self._bound = Bound(self._graph)

    def shares(self, name: str, channels: Sequence[int]) -> Iterator[Share]:
        """Yield what each layer loses when these outputs of a layer go.

        Raises:
            ValueError: The layer did not run.
        """
        if not channels:
            return
        layer = self._twin.get_submodule(name)
        if name not in self.running or layer not in self._graph.module2node:
            raise ValueError(
                f"{name!r} does not run, or no gradient leads from the answer to it, so what it is "
                "joined to is not known; if it is an answer of its own, let the network return it"
            )
        for item in self._group(name, layer, channels):
            part = item.dep.target.module
            target = self._names.get(part, self._parameters.get(part))
            if target is None:
                continue  # a sum or a concatenation: it holds no weights
            if part in self._parameters or target in self.uncuttable:
                yield Share(target, False, [], [])
            elif target in self.plan:
                is_output = self._graph.is_out_channel_pruning_fn(item.dep.handler)
                share = Share(target, is_output, list(item.idxs), list(item.root_idxs))
                self._check(name, share)
                yield share

    def _group(self, name: str, layer: nn.Module, channels: Sequence[int]) -> Any:
        """Return what goes with outputs of a layer, in torch-pruning's words."""
        cut = self._graph.get_pruner_of_module(layer).prune_out_channels
        self._bound.begin()
        try:
            return self._graph.get_pruning_group(layer, cut, list(channels))
        except EndlessError as error:
            raise UnfollowedError(
                f"what {name!r} is joined to could not be followed: a reshape behind it makes "
                "other channels of its outputs"
            ) from error
        except (IndexError, KeyError, AttributeError) as error:  # torch-pruning's, of what is odd
            raise UnfollowedError(
                f"what {name!r} is joined to could not be followed: a layer behind it takes its "
                "outputs along an axis that is not known"
            ) from error

    def _check(self, name: str, share: Share) -> None:
        """Refuse channels that a layer does not have: the graph took another axis for channels."""
        if getattr(self._twin.get_submodule(share.name), "groups", 1) > 1:
            return  # what becomes of groups is another's question
        part = self.plan[share.name]
        there = len(part.outputs if share.is_output else part.inputs)
        if share.numbers and max(share.numbers) >= there:
            raise UnfollowedError(
                f"how {name!r} is joined to {share.name!r} could not be followed: what leaves "
                f"{name!r} is not along the {there} channels of {share.name!r}"
            )

    def _run(self, training: bool) -> Any:
        self._twin.train(training)
        try:
            return self._twin(*(image.clone() for image in self._images))
        finally:
            self._twin.eval()

    def _running(self, *, training: bool) -> set[str]:
        """Return the layers that run in a mode."""
        found: set[str] = set()
        handles = [
            layer.register_forward_hook(lambda *_, name=name: found.add(name))
            for layer, name in self._names.items()
            if isinstance(layer, KNOWN)
        ]
        try:
            with torch.no_grad(), torch.random.fork_rng(devices=[]):
                self._run(training)
        except Exception as error:
            if training:
                return set()  # such as a detector, which wants targets
            line = why_it_stopped(error)
            shapes = [tuple(image.shape[1:]) for image in self._images]
            raise ValueError(f"the network does not run in float32 on {shapes}: {line}") from error
        finally:
            for handle in handles:
                handle.remove()
        return found

    def _in_training(self) -> set[str]:
        """Return the layers that run in training if some run there alone, else nothing."""
        state = copy.deepcopy(self._twin.state_dict())
        training = self._running(training=True)
        self._twin.load_state_dict(state)
        only = sorted(training - self.running)
        if only and (missing := sorted(self.running - training)):
            raise ValueError(
                f"{only[0]!r} runs in training alone and {missing[0]!r} never does there, so no "
                "run shows how all layers are joined"
            )
        return training if only else set()

    def _follow(self, training: bool) -> Any:
        """Return torch-pruning's graph."""
        import torch_pruning

        def outputs(answer: Any) -> list[Tensor]:
            return [leaf for leaf in leaves(answer).values() if leaf.grad_fn is not None]

        try:
            with torch.random.fork_rng(devices=[]), torch.enable_grad():
                return torch_pruning.DependencyGraph().build_dependency(
                    self._twin,
                    example_inputs=self._images,
                    forward_fn=lambda *_: self._run(training),
                    output_transform=outputs,
                    verbose=False,
                )
        except Exception as error:
            kind = type(self._twin).__name__
            raise ValueError(
                f"how the layers of this {kind} are joined could not be followed: {_why(error)}"
            ) from error


def _why(error: Exception) -> str:
    """Return what an error of torch-pruning means; its inner ones say nothing to a reader."""
    if isinstance(error, ArithmeticError):
        return "a reshape in it mixes channels, as a channel shuffle does"
    if isinstance(error, (LookupError, AttributeError, AssertionError, TypeError)):
        return "torch-pruning does not know one of its operations"
    return str(error).strip().partition("\n")[0]
