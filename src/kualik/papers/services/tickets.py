"""The ticket of the queue as a picture for a printer that has no Kazakh letters of its own."""

from dataclasses import dataclass
from datetime import datetime

from kualik.papers.adapters import qr_svg, render_png
from kualik.papers.queries import words
from kualik.papers.services.wording import local
from kualik.rules.language import Text

# A thermal printer has eight dots a millimetre; 576 of them across on paper of 80 mm.
DPI = 203.2
DOTS = 576


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFacts:
    """What a ticket says, nothing of the person; ``minutes`` is None where no window is open.

    ``address`` is the page of the ticket on a phone.
    """

    provider: Text
    number: str
    line: Text
    language: str
    taken_at: datetime
    ahead: int
    minutes: int | None
    address: str


def render_ticket(*, facts: TicketFacts, is_test: bool) -> bytes:
    """PNG, ``DOTS`` wide, in the language of the visitor; Kazakh stands beside another language.

    Raises RuleViolation ``paper_glyph_missing`` or ``paper_overflow``.
    """
    language, table = facts.language, words("ticket")
    both = [facts.line.get("kk"), facts.line.get(language)]
    data = {
        "lang": language,
        "provider": facts.provider.get(language),
        "title": table["ticket"].get(language),
        "number": facts.number,
        "lines": list(dict.fromkeys(both)),
        "taken_at": f"{local(facts.taken_at):%d.%m.%Y  %H:%M}",
        "outlook": _outlook(facts),
        "board": table["board"].get(language),
        "qr": qr_svg(facts.address),
        "qr_alt": table["phone"].get(language),
        "phone": table["phone"].get(language),
        "test": table["test"].get(language) if is_test else None,
    }
    return render_png(sheet="ticket", data=data, created_at=facts.taken_at, dpi=DPI)


def _outlook(facts: TicketFacts) -> list[str]:
    language, table = facts.language, words("ticket")
    if not facts.ahead:
        return [table["next"].get(language)]
    said = [table["ahead"].get(language).format(ahead=facts.ahead)]
    if facts.minutes is not None:
        said.append(table["wait"].get(language).format(minutes=facts.minutes))
    return said
