"""How large text is set and where its lines break, from the advances of the font's letters.

Kerning is left out: it narrows nearly every line, so none is wider on paper than reckoned here.
Widths, heights and sizes are points; a face is a key of ``adapters.FACES``. Most texts repeat
within a batch of certificates, so everything is remembered.
"""

import re
from functools import lru_cache

from kualik.papers.adapters import advance
from kualik.rules.errors import RuleViolation

# From the base line to the top of a capital letter, in ems (PT Serif).
CAPITAL = 0.7
LEADING = 0.52
# The share of a width that lines may fill: a few pairs of letters are kerned apart.
FILLED = 0.995
BLANKS = re.compile(r"[ \t\n]+")
# A line may also break after a hyphen, but an ordinal such as "3-қосымша" stays whole.
HYPHEN = re.compile(r"(?<=[^\d\W]-)(?=\w)")

Lines = tuple[str, ...]


def height(lines: int, size: float, leading: float = LEADING) -> float:
    """From the top of the first line's capitals to the base of the last line."""
    return (lines * CAPITAL + (lines - 1) * leading) * size


def ems(width: float, size: float) -> float:
    """How many ems of a size lines of that width may fill."""
    return width * FILLED / size


@lru_cache(maxsize=4096)
def broken(text: str, face: str, measure: float) -> Lines:
    """The lines of ``text`` at a measure in ems; a word wider than that stands alone."""
    blank = advance(" ", face)
    lines: list[str] = []
    line, free = "", measure
    for part, wide in _parts(text, face):
        if line and wide > free:
            lines.append(line.rstrip(" "))
            line, free = "", measure
        line += part
        free -= wide + blank * part.endswith(" ")
    return (*lines, line.rstrip(" "))


@lru_cache(maxsize=4096)
def balanced(text: str, face: str, measure: float) -> Lines:
    """As few lines as ``broken`` gives, as even as they can be, and no last word alone."""
    lines = broken(text, face, measure)
    if len(lines) == 1:
        return lines
    widest = max(wide for _, wide in _parts(text, face))
    narrow, wide = max(widest, advance(text, face) / len(lines)), measure
    while wide - narrow > 0.25:
        middle = (narrow + wide) / 2
        tried = broken(text, face, middle)
        if len(tried) == len(lines):
            wide, lines = middle, tried
        else:
            narrow = middle
    *others, before, last = lines
    rest, _, word = before.rpartition(" ")
    together = f"{word} {last}"
    if " " in last or " " not in rest or advance(together, face) > measure:
        return lines
    return (*others, rest, together)


@lru_cache(maxsize=4096)
def _parts(text: str, face: str) -> tuple[tuple[str, float], ...]:
    """What no line breaks within, with the blank after it, and its width without the blank."""
    found = []
    for word in BLANKS.split(text.strip()):
        *pieces, last = HYPHEN.split(word)
        found += [(piece, advance(piece, face)) for piece in pieces]
        found.append((f"{last} ", advance(last, face)))
    return tuple(found)


@lru_cache(maxsize=4096)
def fit(
    texts: Lines, face: str, *, width: float, high: float, most: float, least: float, part: str
) -> float:
    """The largest size, from ``most`` on by half points, at which each text fits; no word broken.

    Raises RuleViolation ``paper_overflow`` naming ``part`` where that is below ``least``.
    """
    widest = max(wide for text in texts for _, wide in _parts(text, face))
    size = min(most, _half_points(ems(width, 1) / widest))
    while size >= least:
        lines = max(len(broken(text, face, ems(width, size))) for text in texts)
        if height(lines, size) <= high:
            return size
        size -= 0.5
    raise RuleViolation("paper_overflow", part=part)


@lru_cache(maxsize=4096)
def fit_lines(lines: Lines, face: str, *, width: float, most: float, least: float) -> float | None:
    """The largest size, from ``most`` on by half points, at which every line stays whole.

    None where that is below ``least``.
    """
    size = min(most, _half_points(ems(width, 1) / max(advance(line, face) for line in lines)))
    return size if size >= least else None


def _half_points(size: float) -> float:
    return size * 2 // 1 / 2
