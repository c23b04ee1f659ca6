"""What the paper of a refusal says (A57.9, A303.9): for its draft, and for who looks beforehand."""

from collections.abc import Iterator
from datetime import datetime

from kualik.cases.adapters.addresses import appeal_addresses
from kualik.cases.models import Request
from kualik.cases.services.following.words import sentence
from kualik.certificates.models import Letter
from kualik.certificates.services.letters import lines_of, refusal_letter_facts, try_letter
from kualik.providers.models import Office, Provider
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.refusal import Refusal

OWN_WAY = "provider"


def kind_of(decision: Refusal) -> Letter.Kind:
    """A refusal of the service, or one to accept the request."""
    is_service = decision.ground.stage == "service"
    return Letter.Kind.REFUSAL if is_service else Letter.Kind.NOT_ACCEPTED


def refusal_facts(request: Request, decision: Refusal) -> dict[str, object]:
    """The facts of its letter, with what to mend and who takes a complaint where."""
    return refusal_letter_facts(
        decision=decision,
        request=request.number,
        applicant=request.holder,
        mend=sentence("mend", decision.ground.code),
        bodies=_bodies(request.provider, decision),
    )


def try_refusal(request: Request, decision: Refusal, *, now: datetime) -> list[tuple[Text, Text]]:
    """Label by label what the paper will say, after its sheet was set once and thrown away.

    Raises ``no_authorised_person``, ``paper_glyph_missing``, ``paper_overflow``.
    """
    kind, facts = kind_of(decision), refusal_facts(request, decision)
    return lines_of(kind, try_letter(kind=kind, provider=request.provider, facts=facts, now=now))


def _bodies(provider: Provider, decision: Refusal) -> Text:
    """A line for each body, under the number that its way has among the ways of appeal."""
    others = appeal_addresses()
    lines = [
        (number, place)
        for number, way in enumerate(decision.appeal.ways, start=1)
        for place in (_own(provider) if way.code == OWN_WAY else others.get(way.code, ()))
    ]
    return Text(
        *[
            "\n".join(f"{number}) {place.get(language)}" for number, place in lines)
            for language in LANGUAGES
        ]
    )


def _own(provider: Provider) -> Iterator[Text]:
    """The provider itself, where its main office is."""
    said = [provider.name, provider.city]
    phones: list[str] = []
    for office in Office.objects.filter(provider=provider, is_main=True):
        said.append(office.address)
        phones = office.phones[:1]
    sides = [[text.get(code) for text in said] + phones for code in LANGUAGES]
    yield Text(*[", ".join(filter(None, side)) for side in sides])
