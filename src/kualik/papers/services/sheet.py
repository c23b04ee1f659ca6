"""The places, sizes and lines of all that stands on a certificate.

Everything is reckoned here and the sheet's source only sets it: asking the page engine to measure
triples the work of a page. Lengths are points from the top of the two columns. Both languages
share every size, so that neither stands back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kualik.papers.adapters import advance
from kualik.papers.services.fitting import (
    CAPITAL,
    Lines,
    balanced,
    broken,
    ems,
    fit,
    fit_lines,
    height,
)
from kualik.papers.services.sealing import SealWords
from kualik.rules.errors import RuleViolation

MM = 72 / 25.4
HIGH = 165.5 * MM
# The sheet's width without the blanks between number, code and address.
ADDRESS_WIDE = 230 * MM
COLUMN = 112 * MM
FOOT = 41 * MM
SIGNATURE_HIGH = 9 * MM
POSITION_WIDE = 45 * MM
NAME_WIDE = 48 * MM
SEAL_WORDS = 74 * MM
SEAL_GAP = 1.6 * MM
SEAL_INSETS = 4.4 * MM
SEAL_LEADING = 0.42
FOOTER = 6.3
FOOTER_LEADING = 0.45
RULE_GAP = 1.7 * MM
LEAST_GAP = 1.7 * MM
FACT_GAP = 1.7 * MM
FACT_TOP = 2.4 * MM
FACT_LABEL = 7.5
# Volume, period, day and place: their middles from the middle of the column, their widths.
FACT_CELLS = ((-43.5 * MM, 23 * MM), (-8.5 * MM, 43 * MM), (35 * MM, 40 * MM))
SCALES = (1, 0.92, 0.84, 0.76, 0.68)

Mark = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """All that one language's column says; ``facts`` are labels with their lines."""

    appendix: str
    provider: str
    title: str
    subtitle: str
    number: str
    lead: str
    holder: str
    confirms: str
    programme: str
    specialty: str | None
    facts: Sequence[tuple[str, Lines]]
    signer_position: str
    signer_name: str
    seal: SealWords
    footer: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the columns: its style in the sheet's source, its lines, the gap's weight below."""

    style: str
    size: float
    cells: Sequence[Lines]
    gap: float

    @property
    def height(self) -> float:
        return height(max(map(len, self.cells)), self.size)


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows, the unit of the gaps between them, the space above and the size of the facts."""

    rows: Sequence[Row]
    unit: float
    top: float
    fact_size: float


def lay_out(sides: Sequence[Side], *, address: str) -> Mapping[str, object]:
    """What stands where on the sheet; ``address`` is its line of number, code and address.

    Raises RuleViolation ``paper_overflow`` that names the part, or ``paper_glyph_missing``.
    """
    size = fit_lines((address,), "bold", width=ADDRESS_WIDE, most=8, least=5)
    if size is None:
        raise RuleViolation("paper_overflow", part="address")
    footers = [broken(side.footer, "regular", ems(COLUMN, FOOTER)) for side in sides]
    footer = HIGH - height(max(map(len, footers)), FOOTER, FOOTER_LEADING)
    base = footer - 2 * RULE_GAP - height(1, size)
    main = base - 3.6 * MM
    room = main - FOOT - 4.5 * MM
    plan = _plan(sides, room)
    seal_size, seal_high = _seal(sides)
    signature = _signature(sides)
    facts = plan.top + sum(row.height + LEAST_GAP + plan.unit * row.gap for row in plan.rows)
    signed = main - seal_high - SEAL_GAP
    return {
        "main": _short(main),
        "divider": _short(room - 2 * MM),
        "facts": _short(facts),
        "address": {"y": _short(base), "size": size, "rule": _short(footer - RULE_GAP)},
        "seal": {"high": _short(seal_high), "size": seal_size},
        "sides": [
            {
                "column": [*_column(plan, index), *_facts(side, facts, plan.fact_size)],
                "signature": [_standing(row, index, signed) for row in signature],
                "seal": _seal_words(side, seal_size),
                "footer": _mark("footer", footer, FOOTER, footers[index]),
            }
            for index, side in enumerate(sides)
        ],
    }


def _mark(style: str, y: float, size: float, lines: Lines, x: float = 0) -> Mark:
    return {"style": style, "x": _short(x), "y": _short(y), "size": size, "text": "\n".join(lines)}


def _short(length: float) -> float:
    return round(length, 2)


def _plan(sides: Sequence[Side], room: float) -> Plan:
    """Type shrinks step by step until all rows fit the room."""
    fact_size = _fact_size(sides)
    deepest = max(len(lines) for side in sides for _, _, lines in _fact_cells(side, fact_size))
    facts_high = FACT_TOP + CAPITAL * FACT_LABEL + deepest * (FACT_GAP + CAPITAL * fact_size)
    for scale in SCALES:
        rows = list(_rows(sides, scale))
        weights = sum(row.gap for row in rows)
        spare = room - facts_high - sum(row.height + LEAST_GAP for row in rows)
        if spare >= 0.5 * MM * weights:
            unit = min(spare / weights, 5 * MM)
            return Plan(rows, unit, (spare - unit * weights) / 2, fact_size)
    raise RuleViolation("paper_overflow", part="sheet")


def _rows(sides: Sequence[Side], scale: float) -> Iterator[Row]:
    """The rows from the top down, all but the facts."""
    one, two = sides
    yield _plain("appendix", "regular", (one.appendix, two.appendix), 6.8, 0.8)
    yield _fitted("provider", "bold", (one.provider, two.provider), (13.5, 11 * scale, 6.5), 1.1)
    yield Row("title", 27 * scale, ((one.title,), (two.title,)), 0.45)
    subtitles = (one.subtitle, two.subtitle)
    yield _fitted("subtitle", "regular", subtitles, (10, 11.5 * scale, 7), 0.45)
    yield Row("number", 10.5, ((one.number,), (two.number,)), 1.1)
    yield _plain("lead", "italic", (one.lead, two.lead), 9.5, 0.6)
    yield _holder((one.holder, two.holder), scale)
    yield _plain("confirms", "italic", (one.confirms, two.confirms), 9.5, 0.6)
    programmes = (one.programme, two.programme)
    yield _fitted("programme", "regular", programmes, (22, 14.5 * scale, 7), 0.6)
    if one.specialty is not None and two.specialty is not None:
        specialties = (one.specialty, two.specialty)
        yield _fitted("specialty", "regular", specialties, (9, 9.5 * scale, 6.5), 0.6)


def _plain(style: str, face: str, texts: Lines, size: float, gap: float) -> Row:
    return Row(style, size, [balanced(text, face, ems(COLUMN, size)) for text in texts], gap)


def _fitted(
    style: str, face: str, texts: Lines, bounds: tuple[float, float, float], gap: float
) -> Row:
    """A row no higher than the first bound (mm), in type between the other two."""
    high, most, least = bounds
    size = fit(texts, face, width=COLUMN, high=high * MM, most=most, least=least, part=style)
    return _plain(style, face, texts, size, gap)


def _holder(names: Lines, scale: float) -> Row:
    """The name on one line where it stays large, else the family name over the given names."""
    whole = fit_lines(names, "bold", width=COLUMN, most=26 * scale, least=20)
    if whole is not None:
        return Row("holder", whole, [(name,) for name in names], 0.95)
    halves = [name.partition(" ")[::2] for name in names]
    parts = tuple(part for half in halves for part in half)
    two = fit_lines(parts, "bold", width=COLUMN, most=24 * scale, least=15)
    if two is not None:
        return Row("holder", two, [(family, given) for family, given in halves], 0.95)
    return _fitted("holder", "bold", names, (17, 17 * scale, 7), 0.95)


def _column(plan: Plan, index: int) -> Iterator[Mark]:
    """The rows of one column; a cell stands in the middle of its row."""
    top = plan.top
    for row in plan.rows:
        lines = row.cells[index]
        spare = row.height - height(len(lines), row.size)
        yield _mark(row.style, top + spare / 2, row.size, lines)
        top += row.height + LEAST_GAP + plan.unit * row.gap


def _fact_size(sides: Sequence[Side]) -> float:
    """The largest size that breaks no word, nor a line of the period."""
    days = tuple(line for side in sides for line in side.facts[1][1])
    size = fit_lines(days, "regular", width=FACT_CELLS[1][1], most=9.5, least=6)
    if size is None:
        raise RuleViolation("paper_overflow", part="period")
    for index, part in ((0, "volume"), (2, "issued")):
        lines = tuple(line for side in sides for line in side.facts[index][1])
        width = FACT_CELLS[index][1]
        size = fit(lines, "regular", width=width, high=FOOT, most=size, least=6, part=part)
    return size


def _fact_cells(side: Side, size: float) -> Iterator[tuple[float, str, Lines]]:
    """The middle, the label and the lines of each fact."""
    for (middle, width), (label, said) in zip(FACT_CELLS, side.facts, strict=True):
        lines = [part for line in said for part in broken(line, "regular", ems(width, size))]
        yield middle, label, tuple(lines)


def _facts(side: Side, top: float, size: float) -> Iterator[Mark]:
    below = top + FACT_TOP + CAPITAL * FACT_LABEL + FACT_GAP
    for middle, label, lines in _fact_cells(side, size):
        yield _mark("label", top + FACT_TOP, FACT_LABEL, (label,), middle)
        yield _mark("fact", below, size, lines, middle)


def _signature(sides: Sequence[Side]) -> list[Row]:
    """The signers' position, left, and name, right."""
    found = []
    for style, face, width, most, texts in (
        ("position", "regular", POSITION_WIDE, 9, tuple(one.signer_position for one in sides)),
        ("name", "bold", NAME_WIDE, 10, tuple(one.signer_name for one in sides)),
    ):
        size = fit(texts, face, width=width, high=SIGNATURE_HIGH, most=most, least=5, part="signer")
        lines = [broken(text, face, ems(width, size)) for text in texts]
        found.append(Row(style, size, lines, 0))
    return found


def _standing(row: Row, index: int, base: float) -> Mark:
    """The lines of a cell that stands on ``base``."""
    lines = row.cells[index]
    return _mark(row.style, base - height(len(lines), row.size), row.size, lines)


def _seal(sides: Sequence[Side]) -> tuple[float, float]:
    """The largest size at which the words beside the seal keep within its height; its height."""
    size = 7.0
    while size >= 5:
        found = [_seal_lines(side, size) for side in sides]
        whole = all(
            advance(line, "regular") <= ems(SEAL_WORDS, size)
            for lines in found
            for row in lines
            for line in row
        )
        deepest = max(sum(map(len, lines)) for lines in found)
        high = height(deepest, size, SEAL_LEADING) + SEAL_INSETS
        if whole and high <= FOOT - SIGNATURE_HIGH - SEAL_GAP:
            return size, high
        size -= 0.5
    raise RuleViolation("paper_overflow", part="seal")


def _seal_lines(side: Side, size: float) -> list[Lines]:
    """The heading, the words of a test seal where it is one, and the rows, each in its lines."""
    measure = ems(SEAL_WORDS, size)
    rows = (f"{label}: {value}" for label, value in _seal_pairs(side))
    return [
        broken(side.seal["heading"], "bold", measure),
        *(broken(row, "regular", measure) for row in rows),
    ]


def _seal_pairs(side: Side) -> list[tuple[str, str]]:
    test = side.seal["test"]
    said = [(test["heading"].upper(), test["note"])] if test else []
    return [*said, *side.seal["rows"]]


def _seal_words(side: Side, size: float) -> Mapping[str, object]:
    """The lines beside the seal, each label apart from its value for its colour."""
    heading, *rows = ("\n".join(lines) for lines in _seal_lines(side, size))
    labels = (f"{label}: " for label, _ in _seal_pairs(side))
    return {
        "heading": heading,
        "rows": [
            [label, row.removeprefix(label)] if row.startswith(label) else ["", row]
            for label, row in zip(labels, rows, strict=True)
        ],
    }
