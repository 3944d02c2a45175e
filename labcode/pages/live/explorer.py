"""`explore`: a calculator that moves in a notebook and on the site, from one call."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from labcode.pages.live.controls import Control, Value, parse
from labcode.pages.live.result import Result

BROWSER_PACKAGE = "labcode.pages.calculators"  # what the site's own Python may call


@dataclass(frozen=True, repr=False)
class Explorer:
    """A function with controls; see `explore`, which makes it."""

    function: Callable[..., Result]
    controls: tuple[Control, ...]
    title: str
    id: str

    @property
    def defaults(self) -> dict[str, Value]:
        """The setting at which the controls start."""
        return {control.name: control.default for control in self.controls}

    @property
    def runs_in_browser(self) -> bool:
        """Whether the site can call the function: it belongs to labcode's calculators."""
        module = self.function.__module__
        name = self.function.__name__
        return f"{module}.".startswith(f"{BROWSER_PACKAGE}.") and name.isidentifier()

    def result(self, **settings: Value) -> Result:
        """Return the answer at the defaults, changed by ``settings``.

        Raises:
            TypeError: A setting has no control, or has the wrong type.
            ValueError: A setting is outside its control, or impossible.
        """
        controls = {control.name: control for control in self.controls}
        for name, value in settings.items():
            if name not in controls:
                raise TypeError(f"there is no control {name!r}, only {', '.join(controls)}")
            controls[name].check(value)
        return self.function(**{**self.defaults, **settings})

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from labcode.pages.live.form import page_html
        from labcode.pages.live.notebook import widget_bundle

        answer = self.result()
        bundle = {"text/plain": answer.text, "text/html": page_html(self, answer)}
        return {**widget_bundle(self), **bundle}

    def __repr__(self) -> str:
        """Return the answer at the defaults, which a terminal shows."""
        return self.result().text


def explore(
    fn: Callable[..., Result],
    /,
    *,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
    id: str | None = None,
    **controls: Any,
) -> Explorer:
    """Show a calculator that moves: widgets in a notebook, the reader's browser on the site.

    Args:
        fn: A function that returns a `Result`, best one of `labcode.pages.calculators`.
        title: The heading of the calculator; None makes it from the function's name.
        labels: What the reader sees for some controls, with the unit where there is one.
        id: A name that no other calculator of the page has; None makes it from the rest.
        **controls: For each argument that moves, a slider ``(default, low, high)`` or
            ``(default, low, high, step)``, a choice ``["first", "second"]`` or a check box
            ``True``.

    Returns:
        An object that a notebook shows; its ``result(**settings)`` computes one answer.

    Raises:
        TypeError: ``fn`` is not a function, does not take a control, or needs one more.
        ValueError: A control contradicts itself, a label fits none, or there is no control.

    >>> from labcode.pages.calculators import convolutions
    >>> hero = explore(convolutions, in_channels=(3, 1, 64), out_channels=(4, 1, 64))
    >>> hero.result(out_channels=8).summary
    'Standard 216 parameters, grouped 216, depthwise separable 51.'
    """
    if not callable(fn) or not hasattr(fn, "__name__"):
        raise TypeError(f"explore needs a function as its first argument, got {fn!r}")
    named = dict(labels or {})
    if unknown := sorted(set(named) - set(controls)):
        raise ValueError(f"labels has {unknown[0]!r}, but there is no such control")
    parsed = tuple(parse(name, spec, named.get(name)) for name, spec in controls.items())
    _check_arguments(fn, parsed)
    heading = fn.__name__.replace("_", " ").capitalize() if title is None else title
    return Explorer(fn, parsed, heading, id or _make_id(fn, parsed, heading))


def _check_arguments(fn: Callable[..., Result], controls: tuple[Control, ...]) -> None:
    """Raise unless ``fn`` can be called with just these controls."""
    if not controls:
        raise ValueError(f"explore({fn.__name__}) needs at least one control")
    try:
        inspect.signature(fn).bind(**{control.name: control.default for control in controls})
    except TypeError as error:
        raise TypeError(f"{fn.__name__} does not take these controls: {error}") from None


def _make_id(fn: Callable[..., Result], controls: tuple[Control, ...], title: str) -> str:
    """Return the same id in every run, and another one for other controls."""
    described = json.dumps([fn.__module__, fn.__name__, title, [asdict(c) for c in controls]])
    digest = hashlib.sha256(described.encode()).hexdigest()[:6]
    return f"live-{fn.__name__.strip('<>').replace('_', '-')}-{digest}"
