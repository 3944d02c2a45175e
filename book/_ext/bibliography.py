"""The list of references: labelled as the pages cite it, titles as their authors wrote them."""

from collections.abc import Iterable, Iterator
from typing import Any

from patches import overriding
from pybtex.database import Entry, Person
from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style
from pybtex.style.labels import BaseLabelStyle
from pybtex.style.sorting import BaseSortingStyle
from pybtex.style.template import field, sentence

NAME = "as_cited"  # of the style, for the directive `bibliography`


@overriding(BaseLabelStyle)
class AuthorYear(BaseLabelStyle):
    """Labels such as Alain and Bengio, 2017, and LeCun et al., 1998."""

    def format_labels(self, entries: Iterable[Entry]) -> Iterator[str]:
        """Give the label of each entry."""
        return map(_label, entries)


@overriding(BaseSortingStyle)
class ByLabel(BaseSortingStyle):
    """The order of the labels: 2016a stands before 2016b, whoever the other authors are."""

    def sorting_key(self, entry: Entry) -> str:
        """Give what the list is sorted by."""
        return _label(entry).casefold()


def _label(entry: Entry) -> str:
    names = [_last_name(person) for person in entry.persons["author"]]
    if len(names) > 2 or names[-1] == "others":
        names = [f"{names[0]} et al."]
    return f"{' and '.join(names)}, {entry.fields['year']}"


def _last_name(person: Person) -> str:
    return " ".join(str(part) for part in person.rich_prelast_names + person.rich_last_names)


@overriding(Style)
class AsCited(Style):
    """The plain style, but its labels are author and year, and titles keep their capitals."""

    default_label_style = AuthorYear
    default_sorting_style = ByLabel

    def format_title(self, e: Entry, which_field: str, as_sentence: bool = True) -> Any:
        """Give the title as it stands in the file."""
        title = field(which_field)
        return sentence[title] if as_sentence else title


def register() -> None:
    """Make the style known by its name."""
    register_plugin("pybtex.style.formatting", NAME, AsCited)
