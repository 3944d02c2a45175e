"""One style sheet of what is used; a sheet that the theme words otherwise stops the build."""

import re
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib.tables._g_l_y_f import Glyph
from sphinx.errors import ExtensionError

from tests.test_claims import load_extension

styles = load_extension("lean_styles")
icons = load_extension("lean_icons")
FACE = '@font-face{{font-family:"{}";src:url(webfonts/fontawesome-solid.woff2) format("woff2")}}'
USED = '.icon{font-family:"Solid"}.fa-x:before{content:"\\f00c"}'
SHEET = ".bs-x{color:red}.used{color:blue}.made-by-script{top:0}.unused{color:green}"


def write_site(root: Path, sheet: str = SHEET) -> dict[str, str]:
    """A site of one page, whose theme has icons; returns its pages."""
    folder = root / "_static"
    (folder / "vendor/fontawesome/js").mkdir(parents=True)
    (folder / "vendor/fontawesome/js/all.min.js").write_text("const unused = 1;")
    (folder / "theme.js").write_text("element.className = 'made-by-script';")
    (folder / "theme.css").write_text(sheet)
    (folder / "icons.css").write_text(FACE.format("Solid") + USED)
    write_font(folder / "webfonts/fontawesome-solid.ttf", [0xF00C, 0xF00D])
    names = ["theme.css", "icons.css", *sorted(styles.OWN)]
    for name in styles.OWN:
        (folder / name).write_text(".own{color:red}")
    links = "".join(f'<link rel="stylesheet" href="_static/{name}?v=1" />\n' for name in names)
    return {"a.html": f'{links}<p class="used fa-x icon">x</p>'}


def write_font(path: Path, characters: list[int]) -> None:
    builder = FontBuilder(1000, isTTF=True)
    names = [".notdef", *(f"u{character:X}" for character in characters)]
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap(dict(zip(characters, names[1:], strict=True)))
    builder.setupGlyf({name: Glyph() for name in names})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (500, 0)))
    builder.setupHorizontalHeader()
    builder.setupOS2()
    builder.setupPost()
    path.parent.mkdir(exist_ok=True)
    builder.save(path)


def test_a_page_gets_one_sheet_of_what_it_uses(tmp_path) -> None:
    pages = styles.bundle(tmp_path, write_site(tmp_path))
    [href] = re.findall(r'<link rel="stylesheet" href="([^"]+)"', pages["a.html"])
    css = (tmp_path / href).read_text()
    assert ".used{" in css
    assert ".bs-x{" in css
    assert ".made-by-script{" in css
    assert ".own{" in css
    assert ".unused" not in css
    assert icons.SMALL in css


@pytest.mark.parametrize(
    ("sheet", "complaint"),
    [
        (SHEET + '@import "more.css" screen;', 'new way: @import "more.css" screen;'),
        (SHEET.replace(".bs-", ".pst-"), "no style sheet has a class that starts with bs-"),
        (SHEET + ".used{background:url(gone.png)}", "leads nowhere: gone.png"),
        (SHEET + '.used{background:url("vendor/b.png")}', "leads nowhere: vendor/b.png"),
        (SHEET + "@font-face{font-family:A;src:url(a.woff2),url(a.ttf)}", "a.woff2 or a.ttf"),
        (SHEET + "} .x", "a style sheet cannot be read"),
    ],
)
def test_a_sheet_in_other_words_stops_the_build(tmp_path, sheet, complaint) -> None:
    pages = write_site(tmp_path, sheet)
    (tmp_path / "_static/vendor/b.png").touch()
    with pytest.raises(ExtensionError, match=re.escape(complaint)):
        styles.bundle(tmp_path, pages)


def test_a_font_needs_one_of_its_formats(tmp_path) -> None:
    pages = write_site(tmp_path, SHEET + "@font-face{font-family:A;src:url(a.woff2),url(a.ttf)}")
    (tmp_path / "_static/a.woff2").touch()
    assert styles.bundle(tmp_path, pages)


def test_a_page_without_sheets_stops_the_build(tmp_path) -> None:
    pages = write_site(tmp_path)
    pages["b.html"] = pages["a.html"].replace('rel="stylesheet"', "rel=stylesheet")
    with pytest.raises(ExtensionError, match=r"b\.html links to no style sheet"):
        styles.bundle(tmp_path, pages)


def test_a_renamed_sheet_that_must_be_whole_stops_the_build(tmp_path) -> None:
    pages = write_site(tmp_path)
    pages["a.html"] = pages["a.html"].replace("live.css", "theme.css")
    with pytest.raises(ExtensionError, match=r"no page links to live\.css"):
        styles.bundle(tmp_path, pages)


@pytest.mark.parametrize(
    ("moved", "complaint"),
    [
        ("theme.js", "the class names in scripts: the site has no script"),
        ("vendor/fontawesome/js/all.min.js", "the icons' script: no file is called vendor/"),
    ],
)
def test_scripts_that_moved_stop_the_build(tmp_path, moved, complaint) -> None:
    pages = write_site(tmp_path)
    (tmp_path / "_static" / moved).rename(tmp_path / "moved.txt")
    with pytest.raises(ExtensionError, match=complaint):
        styles.bundle(tmp_path, pages)


@pytest.mark.parametrize(
    ("css", "characters", "complaint"),
    [
        (USED, [0xF00C], "no @font-face names one of Font Awesome's"),
        (FACE.format("Solid").replace("fontawesome", "fa") + USED, [0xF00C], "no @font-face names"),
        (FACE.format("Other") + USED, [0xF00C], "no @font-face names"),
        (FACE.format("Solid").replace("-family", "") + USED, [0xF00C], "has no family"),
        (FACE.format("Solid") + USED, [0xE000], "has none of the characters"),
        (FACE.format("Solid") + ".icon{font-family:Solid}", [0xF00C], "has none of the characters"),
    ],
)
def test_icons_in_other_words_stop_the_build(tmp_path, css, characters, complaint) -> None:
    write_font(tmp_path / "webfonts/fontawesome-solid.ttf", characters)
    with pytest.raises(ExtensionError, match=complaint):
        icons.with_small_icon_fonts(css, tmp_path)
