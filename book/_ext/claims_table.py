"""The `claims` directive: claims with the verdicts that the notebooks' outputs hold."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from labcode.pages.claims import claims
from labcode.pages.claims.verdict import CLAIM_MIME

ROOT = Path(__file__).resolve().parent.parent.parent
Record = dict[str, Any]
Found = dict[str, tuple[Record, str]]  # id -> (verdict, page)


def notebooks() -> list[str]:
    """The pages of the table of contents that are notebooks, without their ending."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    pages = [toc["root"], *(entry["file"] for part in toc["parts"] for entry in part["chapters"])]
    return [page for page in pages if (ROOT / f"{page}.ipynb").exists()]


def verdicts() -> Found:
    """Gather all verdicts; two that differ on one claim are an error."""
    found: Found = {}
    for page in notebooks():
        notebook = json.loads((ROOT / f"{page}.ipynb").read_text(encoding="utf-8"))
        for record in _records(notebook):
            other = found.get(record["id"])
            if other is not None and other[0] != record:
                raise ValueError(f"{record['id']} has two verdicts, in {other[1]} and in {page}")
            found[record["id"]] = (record, page)
    return found


def _records(notebook: dict[str, Any]) -> list[Record]:
    outputs = (output for cell in notebook["cells"] for output in cell.get("outputs", []))
    data = (output.get("data", {}) for output in outputs)
    return [bundle[CLAIM_MIME] for bundle in data if CLAIM_MIME in bundle]


class ClaimsTable(SphinxDirective):
    """List every claim with its verdict; a claim without one is an error."""

    def run(self) -> list[nodes.Node]:
        """Build a sentence that counts the verdicts, and the table."""
        found = verdicts()
        if open_ones := [claim.id for claim in claims() if claim.id not in found]:
            raise self.error(f"no notebook holds a verdict on {', '.join(open_ones)}")
        for page in notebooks():
            self.env.note_dependency(str(ROOT / f"{page}.ipynb"))
        rows = [[claim.id, claim.claim, self._answer(claim.id, found)] for claim in claims()]
        table = _table(["", "Claim", "Verdict"], rows, widths=[1, 8, 5])
        return [nodes.paragraph(text=_count(found)), table]

    def _answer(self, id: str, found: Found) -> nodes.Node:
        record, page = found[id]
        text = " ".join(filter(None, [record["outcome"], record["condition"]]))
        here = self.env.app.builder.get_relative_uri(self.env.docname, page)
        answer = nodes.inline()
        answer += nodes.reference("", text, refuri=f"{here}#{id.lower()}", internal=True)
        answer += nodes.Text(_reasons(record))
        return answer


def _reasons(record: Record) -> str:
    """Say what stands behind an outcome: elsewhere, measured, and the intervals."""
    elsewhere, intervals = record.get("elsewhere", ""), record.get("intervals", [])
    words = (
        f"; {elsewhere}. Measured: {record['measured']}" if elsewhere else f": {record['measured']}"
    )
    return f"{words}. It rests on {'; '.join(intervals)}" if intervals else words


def _count(found: Found) -> str:
    """Say how many claims there are and how many have which outcome."""
    outcomes = Counter(record["outcome"] for record, _ in found.values())
    return (
        f"Of {len(found)} claims, {outcomes['holds']} hold as they stand, "
        f"{outcomes['holds when']} hold under a condition, {outcomes['does not hold']} "
        f"do not hold, and {outcomes['cannot be told here']} cannot be told here."
    )


def _table(head: list[str], rows: list[list[Any]], widths: list[int]) -> nodes.table:
    group = nodes.tgroup("", *[nodes.colspec(colwidth=width) for width in widths], cols=len(head))
    group += nodes.thead("", _row(head))
    group += nodes.tbody("", *[_row(row) for row in rows])
    return nodes.table("", group, classes=["claims"])


def _row(cells: list[Any]) -> nodes.row:
    entries = []
    for cell in cells:
        content = nodes.Text(cell) if isinstance(cell, str) else cell
        entries.append(nodes.entry("", nodes.paragraph("", "", content)))
    return nodes.row("", *entries)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("claims", ClaimsTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
