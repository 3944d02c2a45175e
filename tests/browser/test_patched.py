"""Every change that book/_ext makes to the theme's pages has been made in the built site."""

import re
from fnmatch import fnmatch

import pytest

from tests.browser.conftest import SITE, shown_pages, text_of
from tests.test_claims import load_extension

lean_pages = load_extension("lean_pages")
lean_scripts = load_extension("lean_scripts")
patches = load_extension("patches")


@pytest.mark.parametrize("patch", lean_pages.PATCHES, ids=lambda patch: patch.purpose)
def test_a_patch_has_left_itself_nothing_to_do(patch):
    assert [page for page in shown_pages() if patch.apply(page, text_of(page))[1]] == []


@pytest.mark.parametrize("patch", lean_scripts.PATCHES, ids=lambda patch: patch.purpose)
def test_a_patch_has_left_itself_nothing_to_do_in_a_script(patch):
    script = (SITE / "_static" / lean_scripts.THEMES).read_text(encoding="utf-8")
    assert patch.apply(lean_scripts.THEMES, script) == (script, 0)


PLAIN = [
    patch
    for patch in lean_pages.PATCHES
    if isinstance(patch.put, str) and patch.put and not re.search(r"\\\d", patch.put)
]


@pytest.mark.parametrize("patch", PLAIN, ids=lambda patch: patch.purpose)
def test_what_a_patch_puts_stands_where_it_must(patch):
    there = {page for page in shown_pages() if patch.put in text_of(page)}
    assert there
    if patch.on:
        assert there == {page for page in shown_pages() if fnmatch(page, patch.on)}


def test_the_promises_are_kept():
    patches.keep(lean_pages.PROMISES, {page: text_of(page) for page in shown_pages()})
