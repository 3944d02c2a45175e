"""Changes to what the theme and its helpers write, none of which may miss in silence.

A new version of the theme may word its pages otherwise. A patch that then matches nothing would
leave the page as it is, and nobody would know. Here it stops the build instead, with its name.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sphinx.errors import ExtensionError

EVERY = "*"
PACKAGES = ("jupyter-book", "sphinx-book-theme", "pydata-sphinx-theme", "sphinx")
Pages = dict[str, str]  # address from the site's root -> text


@dataclass(frozen=True)
class Patch:
    """One change to the text of the written pages.

    Args:
        purpose: What it is for, in words that can be searched for.
        find: The text as the theme writes it, or a pattern.
        put: What stands there instead; a function gets the match and the page's address.
        on: The pages that must all match, as a glob such as EVERY; None asks for any one page.
    """

    purpose: str
    find: str | re.Pattern[str]
    put: str | Callable[[re.Match[str], str], str] = ""
    on: str | None = None

    def apply(self, page: str, text: str) -> tuple[str, int]:
        """Return the changed text and how often the patch matched."""
        if isinstance(self.find, str) and isinstance(self.put, str):
            return text.replace(self.find, self.put), text.count(self.find)
        put = self.put
        changed = put if isinstance(put, str) else (lambda found: put(found, page))
        return re.subn(self.find, changed, text)


@dataclass(frozen=True)
class Promise:
    """What the pages hold when all is done, however the theme's text got there.

    Args:
        purpose: What is promised, in words that can be searched for.
        find: A pattern.
        times: How often each page matches it; None asks for one match on any one page.
    """

    purpose: str
    find: re.Pattern[str]
    times: int | None = None


def patched(patches: Iterable[Patch], pages: Pages) -> Pages:
    """Apply the patches in turn to all pages; raise if one missed where it must match."""
    complaints = []
    for patch in patches:
        applied = {page: patch.apply(page, text) for page, text in pages.items()}
        pages = {page: text for page, (text, _) in applied.items()}
        complaints += missed(patch, {page: count for page, (_, count) in applied.items()})
    stop_at(complaints)
    return pages


def missed(patch: Patch, counts: dict[str, int]) -> Iterator[str]:
    """Say where a patch should have matched and did not."""
    must = [page for page in counts if fnmatch(page, patch.on or EVERY)]
    without = [page for page in must if not counts[page]]
    if len(without) == len(must):
        yield f"the patch {patch.purpose!r} matches no page"
    elif without and patch.on:
        yield f"the patch {patch.purpose!r} does not match {_some(without)}"


def keep(promises: Iterable[Promise], pages: Pages) -> None:
    """Raise if a page breaks a promise."""
    complaints = []
    for promise in promises:
        counts = {page: len(promise.find.findall(text)) for page, text in pages.items()}
        wrong = [page for page, count in counts.items() if count != promise.times]
        if promise.times is None and not any(counts.values()):
            complaints.append(f"the promise {promise.purpose!r} is kept on no page")
        elif promise.times is not None and wrong:
            complaints.append(f"the promise {promise.purpose!r} is broken on {_some(wrong)}")
    stop_at(complaints)


def _some(pages: list[str]) -> str:
    """The first pages by name, the others by number."""
    more = f" and {len(pages) - 3} more" if len(pages) > 3 else ""
    return ", ".join(pages[:3]) + more


def stop_at(complaints: list[str]) -> None:
    """Raise one error that tells all complaints and the versions that they were met with."""
    if complaints:
        versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
        raise ExtensionError(
            f"{'; '.join(complaints)}. This is {versions}. Where a new version works otherwise, "
            "book/_ext must follow; what it no longer needs can go."
        )


def files(folder: Path, pattern: str, purpose: str) -> list[Path]:
    """The files that a glob finds, sorted; raise if it finds none."""
    found = sorted(folder.glob(pattern))
    if not found:
        stop_at([f"{purpose}: no file is called {pattern} in {folder.name}"])
    return found


def override(owner: Any, name: str, value: Any, purpose: str) -> None:
    """Set what another package reads; raise if it has no such name, so that nobody reads it."""
    known = name in owner if hasattr(owner, "__contains__") else hasattr(owner, name)
    if not known:
        stop_at([f"{purpose}: {getattr(owner, '__name__', 'the configuration')} has no {name}"])
    setattr(owner, name, value)


def overriding(base: type) -> Callable[[type], type]:
    """Mark a class whose public names all replace names of `base`; raise if `base` lacks one."""

    def checked(own: type) -> type:
        extra = [name for name in vars(own) if name[0] != "_" and not hasattr(base, name)]
        stop_at([f"{own.__name__}: {base.__name__} has no {name} to replace" for name in extra])
        return own

    return checked
