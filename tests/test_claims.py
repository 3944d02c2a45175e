"""Claims and verdicts: nothing typed in, nothing said twice, nothing left unshown."""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from labcode.pages.claims import claim, claims, verdict
from labcode.pages.claims.verdict import CLAIM_MIME

ROOT = Path(__file__).parent.parent


def load_extension(name: str = "claims_table") -> ModuleType:
    """A Sphinx extension of the book, which is in no package."""
    folder = str(ROOT / "book/_ext")
    if folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module(name)


def test_ids_are_unique_sorted_and_belong_to_a_part_of_the_book() -> None:
    ids = [entry.id for entry in claims()]
    assert ids == sorted(set(ids))
    assert all((ROOT / "book" / entry.part).is_dir() for entry in claims())
    assert all(entry.claim.endswith(".") for entry in claims())


@pytest.mark.parametrize(
    ("holds", "words", "outcome", "condition"),
    [
        (True, {}, "holds", ""),
        (True, {"when": "K is odd"}, "holds when", "K is odd"),
        (False, {"when": "K is odd"}, "does not hold", ""),
        (False, {"instead": "it doubled"}, "does not hold", "(it doubled)"),
    ],
)
def test_the_outcome_follows_the_condition(holds, words, outcome, condition) -> None:
    answer = verdict("C60", holds, "39 < 108", **words)
    assert (answer.outcome, answer.condition) == (outcome, condition)
    bundle = answer._repr_mimebundle_()
    assert bundle[CLAIM_MIME]["outcome"] == outcome
    assert claim("C60").claim.split(",")[0] in bundle["text/html"]
    assert "39 &lt; 108" in bundle["text/html"]


def test_nonsense_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match="C99"):
        verdict("C99", True, "x")
    with pytest.raises(TypeError, match="holds must be a bool, got 'yes'"):
        verdict("C60", "yes", "x")
    with pytest.raises(ValueError, match="C60"):
        verdict("C60", True, " ")


def write_book(root: Path, records: list[dict]) -> None:
    pages = [f"book/page{i}" for i in range(len(records))]
    chapters = "".join(f"\n      - file: {page}" for page in pages)
    (root / "book").mkdir()
    (root / "_toc.yml").write_text(f"root: book/index\nparts:\n  - chapters:{chapters}\n")
    for page, record in zip(pages, records, strict=True):
        output = {"output_type": "execute_result", "data": {CLAIM_MIME: record}}
        (root / f"{page}.ipynb").write_text(json.dumps({"cells": [{"outputs": [output]}]}))


def test_verdicts_are_read_from_the_notebooks_outputs(tmp_path, monkeypatch) -> None:
    extension = load_extension()
    monkeypatch.setattr(extension, "ROOT", tmp_path)
    first = verdict("C01", True, "a").__dict__
    write_book(tmp_path, [first, verdict("C02", False, "b").__dict__])
    found = extension.verdicts()
    assert found["C01"] == (first, "book/page0")
    assert found["C02"][1] == "book/page1"


def test_two_verdicts_that_differ_are_an_error(tmp_path, monkeypatch) -> None:
    extension = load_extension()
    monkeypatch.setattr(extension, "ROOT", tmp_path)
    write_book(tmp_path, [verdict("C01", True, "a").__dict__, verdict("C01", False, "b").__dict__])
    with pytest.raises(ValueError, match=r"C01 .*page0.*page1"):
        extension.verdicts()


def test_every_claim_has_its_verdict_in_a_notebook_of_the_book() -> None:
    found = load_extension().verdicts()
    assert sorted(found) == [entry.id for entry in claims()]
    assert {id: page.split("/")[1] for id, (_, page) in found.items()} == {
        entry.id: entry.part for entry in claims()
    }


def test_a_percent_sign_stands_off_its_number_and_stays_in_its_line():
    found = verdict("C05", True, "92.4% of 3 %, in %")
    assert found.measured == "92.4\N{NO-BREAK SPACE}% of 3\N{NO-BREAK SPACE}%, in %"
