"""A change to the theme's pages that no longer matches stops the build and names itself."""

import re
from types import SimpleNamespace

import pytest
from sphinx.config import Config
from sphinx.errors import ExtensionError

from tests.test_claims import load_extension
from tools import vendor

patches = load_extension("patches")
site = load_extension("diet_site")
Patch, Promise = patches.Patch, patches.Promise
PAGES = {"book/a.html": "<b>old</b>", "book/b.html": "<i>old</i>", "search.html": "<u>new</u>"}


def test_a_patch_changes_every_page_that_matches() -> None:
    pages = patches.patched(
        [
            Patch("text", "old", "young", on="book/*"),
            Patch("pattern", re.compile("<(.)>"), r"<\1 x>", on=patches.EVERY),
            Patch("function", re.compile("<u x>"), lambda found, page: f"{page}: {found[0]}"),
        ],
        PAGES,
    )
    assert pages == {
        "book/a.html": "<b x>young</b>",
        "book/b.html": "<i x>young</i>",
        "search.html": "search.html: <u x>new</u>",
    }


@pytest.mark.parametrize(
    ("find", "on", "complaint"),
    [
        ("gone", None, "the patch 'tidy' matches no page"),
        (re.compile("g.ne"), None, "the patch 'tidy' matches no page"),
        ("gone", "*", "the patch 'tidy' matches no page"),
        ("old", "*", "the patch 'tidy' does not match search.html"),
        ("<b>", "book/*", "the patch 'tidy' does not match book/b.html"),
        ("old", "search.html", "the patch 'tidy' matches no page"),
        ("old", "genindex.html", "the patch 'tidy' matches no page"),
    ],
)
def test_a_patch_that_misses_stops_the_build(find, on, complaint) -> None:
    with pytest.raises(ExtensionError, match=re.escape(complaint)) as error:
        patches.patched([Patch("tidy", find, "x", on)], PAGES)
    for package in ("sphinx-book-theme 1", "pydata-sphinx-theme 0", "sphinx 7"):
        assert package in str(error.value)


def test_all_patches_that_miss_are_named_at_once() -> None:
    with pytest.raises(ExtensionError, match=r"'one' matches no page; the patch 'two' matches no"):
        patches.patched([Patch("one", "gone"), Patch("two", "gone")], PAGES)


def test_many_pages_are_told_by_their_number() -> None:
    pages = {f"{i}.html": "x" for i in range(9)} | {"z.html": "here"}
    with pytest.raises(ExtensionError, match=r"match 0.html, 1.html, 2.html and 6 more"):
        patches.patched([Patch("tidy", "here", on=patches.EVERY)], pages)


@pytest.mark.parametrize(
    ("find", "times", "complaint"),
    [
        ("gone", None, "'neat' is kept on no page"),
        ("old", 1, "'neat' is broken on search.html"),
        ("<.>", 0, "'neat' is broken on book/a.html, book/b.html, search.html"),
    ],
)
def test_a_broken_promise_stops_the_build(find, times, complaint) -> None:
    with pytest.raises(ExtensionError, match=complaint):
        patches.keep([Promise("neat", re.compile(find), times)], PAGES)


def test_promises_that_are_kept_say_nothing() -> None:
    kept = [("old", None), ("<.>", 1), ("gone", 0)]
    patches.keep([Promise("neat", re.compile(find), times) for find, times in kept], PAGES)


def test_a_glob_that_finds_no_file_stops_the_build(tmp_path) -> None:
    (tmp_path / "a-macros.html").touch()
    assert patches.files(tmp_path, "*macros.html", "x") == [tmp_path / "a-macros.html"]
    with pytest.raises(ExtensionError, match=r"no template: no file is called \*makros.html"):
        patches.files(tmp_path, "*makros.html", "no template")
    assert vendor.found(tmp_path, "*.html") == [tmp_path / "a-macros.html"]
    with pytest.raises(SystemExit, match=r"no file \*\.woff2"):
        vendor.found(tmp_path, "*.html", "*.woff2")


def test_a_setting_that_nobody_reads_stops_the_build() -> None:
    package = SimpleNamespace(TIMEOUT=5.0)
    patches.override(package, "TIMEOUT", 60.0, "patience")
    assert package.TIMEOUT == 60.0
    with pytest.raises(ExtensionError, match=r"patience: .* has no STARTUP_TIMEOUT"):
        patches.override(package, "STARTUP_TIMEOUT", 60.0, "patience")
    config = Config()
    patches.override(config, "project", "here", "formulas")
    assert config.project == "here"
    with pytest.raises(ExtensionError, match=r"formulas: .* has no katex_script"):
        patches.override(config, "katex_script", "here", "formulas")


def test_a_method_that_replaces_nothing_stops_the_build() -> None:
    @patches.overriding(Patch)
    class Fine(Patch):
        def apply(self, page: str, text: str) -> tuple[str, int]:
            return text, 1

        def _help(self) -> None: ...

    with pytest.raises(ExtensionError, match="Lost: Patch has no applied to replace"):

        @patches.overriding(Patch)
        class Lost(Patch):
            def applied(self) -> None: ...


def drop_thebe(scripts: list) -> list:
    context = {"script_files": scripts}
    site.drop_thebe(None, "book/a", "page.html", context, None)
    return context["script_files"]


def test_thebe_is_dropped_by_name_and_by_content() -> None:
    inline = SimpleNamespace(filename=None, attributes={"body": "const THEBE = 1"})
    assert drop_thebe(["a.js", "sphinx-thebe.js", inline]) == ["a.js"]
    with pytest.raises(ExtensionError, match="'no thebe' finds none of its scripts on book/a"):
        drop_thebe(["a.js", "juniper.js"])


def test_a_script_that_is_not_in_the_site_is_named(tmp_path) -> None:
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static/live.js").touch()
    page = '<script defer src="../_static/{}?v=1"></script>'
    pages = {"book/a.html": page.format("live.js"), "book/b.html": page.format("love.js")}
    (tmp_path / "book").mkdir()
    assert list(site.lost_scripts(tmp_path, pages)) == [
        "book/b.html asks for the script ../_static/love.js, which is not in the site"
    ]
