"""Changes to the theme's scripts, where they make a page wait and leave no setting for it."""

import re
from pathlib import Path

from patches import Patch, patched

THEMES = "scripts/pydata-sphinx-theme.js"
PATCHES = (
    Patch(
        "what scrolls is measured by scroll.js alone: the theme measures every box again after "
        "each change of a page, and lays the page out anew for each box",
        re.compile(
            r"function (\w+)\(\)\{const e=\(\)=>\{document\.querySelectorAll\("
            r'"pre, \.nboutput.*?childList:!0\}\),e\(\)\}'
        ),
        r"function \1(){}",
        on=THEMES,
    ),
)


def lean_scripts(static: Path) -> None:
    """Write the theme's script in `static` again, without what the site does better."""
    path = static / THEMES
    texts = patched(PATCHES, {THEMES: path.read_text(encoding="utf-8")})
    path.write_text(texts[THEMES], encoding="utf-8")
