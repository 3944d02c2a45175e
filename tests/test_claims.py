"""Claims and verdicts: nothing typed in, nothing said twice, nothing left unshown."""

import ast
import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from labcode.pages.claims import claim, claims, exact, less, more, verdict
from labcode.pages.claims.evidence import Evidence
from labcode.pages.claims.verdict import CLAIM_MIME, SIGNS
from labcode.training import Difference

ROOT = Path(__file__).parent.parent
ABOVE, BELOW, WIDE = (
    Difference(0.02, 0.01, 0.03),
    Difference(-0.02, -0.03, -0.01),
    Difference(0.01, -0.01, 0.03),
)


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
    ("evidence", "words", "outcome", "condition"),
    [
        (True, {}, "holds", ""),
        (more(ABOVE), {}, "holds", ""),
        (more(ABOVE), {"when": "K is odd", "elsewhere": more(BELOW)}, "holds when", "K is odd"),
        (more(ABOVE), {"when": "K is odd", "elsewhere": more(WIDE)}, "holds when", "K is odd"),
        (more(ABOVE), {"when": "K is odd", "elsewhere": more(ABOVE)}, "holds", ""),
        (True, {"when": "K is odd", "elsewhere": False}, "holds when", "K is odd"),
        (more(BELOW), {"instead": "it doubled"}, "does not hold", "(it doubled)"),
        (False, {"when": "K is odd", "elsewhere": False}, "does not hold", ""),
        (more(WIDE), {"instead": "it doubled"}, "cannot be told here", ""),
        (less(WIDE), {"when": "K is odd", "elsewhere": False}, "cannot be told here", ""),
    ],
)
def test_the_outcome_follows_the_evidence(evidence, words, outcome, condition) -> None:
    answer = verdict("C60", evidence, "39 < 108", **words)
    assert (answer.outcome, answer.condition) == (outcome, condition)
    bundle = answer._repr_mimebundle_()
    assert bundle[CLAIM_MIME]["outcome"] == outcome
    assert claim("C60").claim.split(",")[0] in bundle["text/html"]
    assert "39 &lt; 108" in bundle["text/html"]
    assert SIGNS[outcome] in bundle["text/html"]
    assert SIGNS[outcome] in bundle["text/plain"]


def test_what_is_found_elsewhere_is_said() -> None:
    words = {"when": "images are few"}
    fails = verdict("C17", more(ABOVE), "x", **words, elsewhere=more(BELOW))
    unknown = verdict("C17", more(ABOVE), "x", **words, elsewhere=more(WIDE, of="with many"))
    assert fails.elsewhere == "elsewhere it does not hold: -2.0 points (95\xa0%: -3.0 to -1.0)"
    assert unknown.elsewhere.startswith("elsewhere it cannot be told: with many: +1.0 points")
    for answer in (fails, unknown):
        bundle = answer._repr_mimebundle_()
        assert answer.elsewhere[1:] in bundle["text/html"]
        assert answer.elsewhere in bundle["text/plain"]
    assert verdict("C17", True, "x", **words, elsewhere=False).elsewhere == (
        "elsewhere it does not hold"
    )


def test_the_intervals_are_in_the_record_and_in_the_box() -> None:
    answer = verdict("C17", more(ABOVE, of="500 images"), "x")
    assert answer.intervals == ("500 images: +2.0 points (95\xa0%: +1.0 to +3.0)",)
    bundle = answer._repr_mimebundle_()
    assert bundle[CLAIM_MIME]["intervals"] == list(answer.intervals)
    assert json.loads(json.dumps(bundle[CLAIM_MIME])) == bundle[CLAIM_MIME]
    assert answer.intervals[0] in bundle["text/html"]
    assert answer.intervals[0] in bundle["text/plain"]
    assert "rests on" not in verdict("C05", True, "x")._repr_mimebundle_()["text/html"]


def test_where_the_condition_was_not_needed_both_intervals_are_shown() -> None:
    both = verdict("C17", more(ABOVE), "x", when="images are few", elsewhere=more(ABOVE, of="many"))
    assert (both.outcome, both.elsewhere, len(both.intervals)) == ("holds", "", 2)


def test_nonsense_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match="C99"):
        verdict("C99", True, "x")
    with pytest.raises(TypeError, match="evidence must be evidence or a bool, got 'yes'"):
        verdict("C60", "yes", "x")
    with pytest.raises(TypeError, match="elsewhere must be evidence or a bool, got 0"):
        verdict("C60", True, "x", when="K is odd", elsewhere=0)
    with pytest.raises(TypeError, match=r"evidence must be evidence or a bool, got Difference"):
        verdict("C60", ABOVE, "x")
    with pytest.raises(ValueError, match="C60"):
        verdict("C60", True, " ")
    for alone in ({"when": "K is odd"}, {"elsewhere": exact(False)}):
        with pytest.raises(ValueError, match="when= and elsewhere= come together"):
            verdict("C60", True, "x", **alone)


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
    first = verdict("C01", more(ABOVE), "a").record()
    write_book(tmp_path, [first, verdict("C02", False, "b").record()])
    found = extension.verdicts()
    assert found["C01"] == (first, "book/page0")
    assert found["C02"][1] == "book/page1"


def test_two_verdicts_that_differ_are_an_error(tmp_path, monkeypatch) -> None:
    extension = load_extension()
    monkeypatch.setattr(extension, "ROOT", tmp_path)
    write_book(tmp_path, [verdict("C01", True, "a").record(), verdict("C01", False, "b").record()])
    with pytest.raises(ValueError, match=r"C01 .*page0.*page1"):
        extension.verdicts()


def test_the_page_counts_all_four_outcomes_and_shows_the_intervals() -> None:
    extension = load_extension()
    answers = [
        verdict("C01", True, "a"),
        verdict("C02", more(ABOVE), "b", when="c", elsewhere=more(WIDE)),
        verdict("C03", more(BELOW), "d"),
        verdict("C04", more(WIDE), "e"),
        verdict("C05", more(WIDE), "f"),
    ]
    found = {answer.id: (answer.record(), "page") for answer in answers}
    assert extension._count(found) == (
        "Of 5 claims, 1 hold as they stand, 1 hold under a condition, 1 do not hold, and 2 cannot "
        "be told here."
    )
    words = extension._reasons(found["C02"][0])
    assert answers[1].elsewhere in words
    assert answers[1].intervals[0] in words
    assert extension._reasons(found["C01"][0]) == ": a"


def test_each_outcome_has_its_colour() -> None:
    css = (ROOT / "book/_static/book.css").read_text(encoding="utf-8")
    for outcome in SIGNS:
        assert re.search(rf"^\.claim-{outcome.replace(' ', '-')} {{", css, re.MULTILINE)


def test_every_claim_has_its_verdict_in_a_notebook_of_the_book() -> None:
    found = load_extension().verdicts()
    assert sorted(found) == [entry.id for entry in claims()]
    assert {id: page.split("/")[1] for id, (_, page) in found.items()} == {
        entry.id: entry.part for entry in claims()
    }


def test_a_percent_sign_stands_off_its_number_and_stays_in_its_line():
    found = verdict("C05", True, "92.4% of 3 %, in %")
    assert found.measured == "92.4\N{NO-BREAK SPACE}% of 3\N{NO-BREAK SPACE}%, in %"


def calls(name: str, tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
            yield node


def faults(cell: str) -> list[str]:
    """What a cell's verdicts do that would make them say more than was seen."""
    tree, found = ast.parse(cell), []
    for call in calls("verdict", tree):
        given = {word.arg for word in call.keywords}
        if ("when" in given) != ("elsewhere" in given):
            found.append("a condition without its test")
        asked = [*call.args[1:2], *(w.value for w in call.keywords if w.arg in EVIDENCE)]
        for name in ("exact", "all_of", "no"):
            asked += [argument for inner in calls(name, call) for argument in inner.args]
        if any(isinstance(a, ast.Constant) and a.value is True for a in asked):
            found.append("a literal True")
    return found


EVIDENCE = ("evidence", "elsewhere")


def verdict_cells() -> list[tuple[str, str]]:
    cells = []
    for path in sorted((ROOT / "book").rglob("*.ipynb")):
        if ".ipynb_checkpoints" in path.parts:
            continue
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "code" and "verdict(" in source:
                cells.append((f"{path.stem}, {cell['id']}", source))
    return cells


def test_no_verdict_of_the_book_is_typed_in_and_each_condition_is_tested() -> None:
    cells = verdict_cells()
    assert len(cells) >= len(claims())
    assert {where: faults(source) for where, source in cells if faults(source)} == {}


@pytest.mark.parametrize(
    "cell",
    [
        'verdict("C01", True, "x")',
        'verdict("C01", evidence=True, measured="x")',
        'verdict("C01", exact(True), "x")',
        'verdict("C01", all_of(more(a), exact(True)), "x")',
        'verdict("C01", more(a), "x", when="y")',
        'verdict("C01", more(a), "x", elsewhere=more(b))',
        'verdict("C01", more(a), "x", when="y", elsewhere=True)',
    ],
)
def test_such_verdicts_would_be_found(cell) -> None:
    assert faults(cell)
    assert not faults('verdict("C01", more(a, than=0.1), "x", when="y", elsewhere=exact(b == 1))')


def test_evidence_is_not_asked_as_a_bool() -> None:
    with pytest.raises(TypeError, match="may be open"):
        bool(Evidence(None))
