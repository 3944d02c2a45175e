"""The terms of the glossary, and the forms in which a page may mention them."""

import re
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "glossary.md"
ENTRY = re.compile(r"^- \*\*(.+?)\*\*: ", re.MULTILINE)

# Forms that no rule below makes.
FORMS = {
    "activation function": ["activation functions"],
    "batch norm": ["batch normalisation", "batch-norm"],
    "depthwise separable convolution": [
        "depthwise convolution",
        "depthwise separable",
        "depthwise",
    ],
    "distillation": ["distil", "distils", "distilled", "distilling"],
    "early exit": ["exit", "exits"],
    "fine-tuning": ["fine-tune", "fine-tunes", "fine-tuned"],
    "Huffman code": ["Huffman coding", "Huffman's code", "Huffman"],
    "k-means": ["k-Means"],
    "low-rank layer": ["layer of low rank", "layers of low rank", "low rank"],
    "MAC": ["multiply-add", "multiply-adds"],
    "post-training quantization": ["PTQ"],
    "quantization-aware training": ["QAT"],
    "similarity of classes": ["similarity"],
    "singular value": ["singular values"],
    "shortcut": ["skip connection", "skip connections"],
    "SVD": ["singular value decomposition"],
    "top-1": ["top-5", "top-1 error", "top-5 error"],
}

# Words of every day: a term only in these folders, or on these pages.
ROOMS = {
    "attention": {"counting_cost", "later_blocks"},
    "early exit": {"dynamic_computation", "shipping"},
    "filter": {
        *("introduction", "cnn_basics", "pruning", "distillation", "quantization", "fewer_bits"),
        *("dynamic_computation", "efficient_convolutions", "low_rank", "senet", "shufflenet"),
        *("squeezenet", "papers_tables"),
    },
    "kernel": {"cnn_basics", "counting_cost"},
    "oracle": {"dynamic_computation"},
    "sampler": {"design_space"},
    "scale": {"quantization", "photographs"},
    "similarity of classes": {"distillation"},
    "student": {"distillation", "shipping", "quantization"},
    "teacher": {"distillation", "quantization", "dynamic_computation"},
    "temperature": {"distillation", "quantization", "shipping"},
    "threshold": {"dynamic_computation"},
    "trial": {"design_space"},
}


@cache
def terms() -> tuple[str, ...]:
    """All terms, as the glossary writes them."""
    return tuple(ENTRY.findall(SOURCE.read_text(encoding="utf-8")))


def terms_for(page: str) -> list[str]:
    """The terms that a page may mention, by its address from the root."""
    rooms = set(page.split("/"))
    return [term for term in terms() if term not in ROOMS or rooms & ROOMS[term]]


def plural(word: str) -> str:
    """The regular plural."""
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + ("es" if re.search(r"(s|x|z|ch|sh)$", word) else "s")


def forms(term: str) -> list[str]:
    """A term, its plural and its other forms, the longest first."""
    found = {term, plural(term), *FORMS.get(term, [])}
    return sorted(found, key=len, reverse=True)


def pattern_of(form: str) -> str:
    """A pattern for one form: a capital may begin it, and a hyphen may stand for a space."""
    words = re.escape(form).replace(r"\ ", "[ \N{NO-BREAK SPACE}-]")
    first = form[0]
    if first.islower() and form[1:] == form[1:].lower():  # not for names such as ReLU or FLOPs
        words = f"[{first}{first.upper()}]{words[1:]}"
    return words


@cache
def pattern(page: str) -> re.Pattern[str]:
    """A pattern for all forms of all terms of a page; the longest form wins."""
    found = [form for term in terms_for(page) for form in forms(term)]
    ordered = sorted(found, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(pattern_of, ordered))})(?![\w-]|\.\w)")


@cache
def _terms_by_form() -> dict[str, str]:
    return {_plain(form): term for term in terms() for form in forms(term)}


def _plain(text: str) -> str:
    text = re.sub("[\N{NO-BREAK SPACE}-]", " ", text)
    return text if text.startswith("FLOP") else text.lower()


def term_of(text: str) -> str:
    """The term of a form as it stands on a page."""
    return _terms_by_form()[_plain(text)]
