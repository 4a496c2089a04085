"""Words that are nearly right: understood where there is no doubt, else a way to what was meant."""

from __future__ import annotations

from collections.abc import Iterable

from bgtool.errors import UsageError

SYNONYMS = {
    "grey": "gray",
    "greyscale": "gray",
    "grayscale": "gray",
    "colour": "color",
    "bw": "bilevel",
    "b/w": "bilevel",
    "binary": "bilevel",
    "jpg": "jpeg",
    "tif": "tiff",
    "documents": "document",
    "people": "person",
    "persons": "person",
    "gpu": "cuda",
    "nvidia": "cuda",
    "dml": "directml",
    "trt": "tensorrt",
}
"""Other words for the names that options take."""

NEAR = 0.6
"""How alike, from 0 to 1, a word has to be to what is suggested in its place."""


def choice(text: object, known: Iterable[str], what: str) -> str:
    """The known word that a text stands for, in any case, with a dot before it or as a synonym.

    Args:
        text: what the user wrote.
        known: the words, lower case.
        what: names them in the message, e.g. ``style``.

    Raises:
        UsageError: it stands for none.
    """
    words = list(known)
    word = plain(text)
    if word not in words:
        word = SYNONYMS.get(word, word)
    if word not in words:
        raise UsageError(f"unknown {what} {str(text)!r}", advice(text, words))
    return word


def advice(text: object, known: Iterable[str]) -> str:
    """A question where a known word is near, else the list of them all."""
    words = list(known)
    return suggestion(text, words) or f"take {', '.join(words[:-1])} or {words[-1]}"


def suggestion(text: object, known: Iterable[str]) -> str:
    """``did you mean gray?``, or nothing where no known word is near."""
    from difflib import get_close_matches

    words, word = list(known), plain(text)
    near = [SYNONYMS[word]] if SYNONYMS.get(word) in words else get_close_matches(word, words, 1, NEAR)
    return f"did you mean {near[0]}?" if near else ""


def plain(text: object) -> str:
    """What counts of a word as the user wrote it."""
    return str(text).strip().lower().removeprefix(".")
