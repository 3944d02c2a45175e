"""Who asks for less motion sees what opens at once: nothing fades, slides or turns for long."""

import pytest

MOVING = """() => {
    for (const fold of document.querySelectorAll("details")) fold.open = true;
    return document.getAnimations().map((one) => one.effect.getComputedTiming().endTime);
}"""
MOMENT = 1  # ms


@pytest.mark.parametrize(
    "path", ["book/cnn_basics/pooling.html", "book/quantization/quantization.html"]
)
def test_what_opens_is_there_at_once(visit, path):
    page = visit(path, width=390).page
    assert max(page.evaluate(MOVING), default=0) <= MOMENT


def test_others_see_it_fade_in(visit):
    """The check can fail: without the wish for less motion the same folds fade in."""
    page = visit("book/cnn_basics/pooling.html", width=390).page
    page.emulate_media(reduced_motion="no-preference")
    assert max(page.evaluate(MOVING)) > 100 * MOMENT
