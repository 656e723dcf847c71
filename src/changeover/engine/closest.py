"""The name that a client may have meant: the rule behind PostgREST's hints.

A set of names is searched by 3-grams; the best fifty by cosine are scored by edit distance; where
none scores enough, 2-grams are tried. Same input, same answer: ties go to the lesser name.

Source: PostgREST 16, which asks Haskell's package `fuzzyset`; shared reference, section 9.
"""

import math
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

SCORE_MIN: Final = 0.33
"""The least score of a relationship or of a parameter list."""

SCORE_NAME_MIN: Final = 0.75
"""The least score of a table's or a function's name."""

_GRAM_SIZES: Final = (3, 2)
_CANDIDATES_MAX: Final = 50
_KNOWN_MAX: Final = 4096


def closest(text: str, names: Iterable[str], score_min: float = SCORE_MIN) -> str | None:
    """Return the name that is nearest to a text, or None where none is near enough.

    Args:
        text: What was asked for.
        names: What there is.
        score_min: The least score, from 0 to 1.
    """
    best = _best(text.lower(), {name.lower(): name for name in names}, score_min)
    return None if best is None else best[1]


def closest_other(text: str, names: Iterable[str], score_min: float = SCORE_MIN) -> str | None:
    """Return the nearest name, but None where the text itself (in any case) is among the names.

    Args:
        text: What was asked for.
        names: What there is.
        score_min: The least score, from 0 to 1.
    """
    best = _best(text.lower(), {name.lower(): name for name in names}, score_min)
    return None if best is None or best[0] == 1 else best[1]


def _best(key: str, names: dict[str, str], score_min: float) -> tuple[float, str] | None:
    if key in names:
        return 1, names[key]
    # No name scores more than its length as a share of the key's.
    if len(key) * score_min > max(map(len, names), default=0):
        return None
    for size in _GRAM_SIZES:
        scored = ((_score(key, one, score_min), one) for one in _similar(key, names, size))
        near = [(-score, one) for score, one in scored if score >= score_min]
        if near:
            score, one = min(near)
            return -score, names[one]
    return None


def _similar(key: str, names: Iterable[str], size: int) -> list[str]:
    """Return the names that share a gram with the key, the most similar first, at most fifty."""
    wanted = _grams(key, size)
    own_norm = _norm(wanted)
    cosines = []
    for name in names:
        grams, norm = _known_grams(name, size)
        shared = sum(wanted[gram] * grams[gram] for gram in wanted.keys() & grams.keys())
        if shared:
            cosines.append((-shared / (own_norm * norm), name))
    return [name for _, name in sorted(cosines)[:_CANDIDATES_MAX]]


@lru_cache(maxsize=_KNOWN_MAX)
def _known_grams(name: str, size: int) -> tuple[Counter[str], float]:
    """Return the grams of a name of the catalog; what a client sends is never kept."""
    grams = _grams(name, size)
    return grams, _norm(grams)


def _grams(text: str, size: int) -> Counter[str]:
    kept = "".join(one for one in text if one.isalnum() or one.isspace() or one == ",")
    framed = f"-{kept}-"
    return Counter(framed[at : at + size] for at in range(len(framed) - size + 1))


def _norm(grams: Counter[str]) -> float:
    return math.sqrt(sum(count * count for count in grams.values()))


def _score(one: str, other: str, score_min: float) -> float:
    """Return one minus the share of letters to change; 0 at once where it can't reach the least."""
    longer = max(len(one), len(other))
    # A distance is no less than the difference in length.
    if 1 - abs(len(one) - len(other)) / longer < score_min:
        return 0
    return 1 - _distance(one, other) / longer


def _distance(one: str, other: str) -> int:
    """Return Levenshtein's distance."""
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        current = [row]
        for column, its in enumerate(other, start=1):
            change = above[column - 1] + (letter != its)
            current.append(min(above[column] + 1, current[-1] + 1, change))
        above = current
    return above[-1]
