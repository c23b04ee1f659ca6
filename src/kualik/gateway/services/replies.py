"""What a conversation is answered: the present step, and at the end the documents."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from kualik.cases.models import Request
from kualik.cases.services.telling import REFUSALS
from kualik.certificates.models import Letter, PersonSignature
from kualik.certificates.services.letters import letters_about
from kualik.certificates.services.signing import unchanged
from kualik.core.clock import local_day
from kualik.core.jobs import NotNow
from kualik.gateway.adapters.envelope import Shape
from kualik.gateway.models import Conversation
from kualik.gateway.queries.profiles import question_of
from kualik.gateway.services.mapping import Paper, Reply, echo_of
from kualik.gateway.services.profiles import Rows, rows_of
from kualik.rules.language import Text
from kualik.rules.lifecycle import State

# A refusal is told of as decided only when its paper is a document (A57.10-2).
STEPS: Final[Mapping[str, str]] = {
    State.FILED: "filed",
    State.ACCEPTED: "accepted",
    State.IN_REVIEW: "in_review",
    State.APPROVED: "approved",
    State.ISSUED: "issued",
    State.HANDED_OVER: "issued",
    State.REFUSED: "refusing",
    State.NOT_ACCEPTED: "refusing",
    State.WITHDRAWN: "withdrawn",
}
ENDED: Final[Mapping[str, str]] = {State.REFUSED: "refused", State.NOT_ACCEPTED: "not_accepted"}
FINAL: Final = frozenset({"issued", "withdrawn", "not_filed", *ENDED.values()})
NOTHING: Final = Text("", "")


def rows_for(conversation: Conversation) -> Rows:
    """How its documents are written."""
    profile = conversation.profile
    return rows_of(profile.family, profile.mapping)


def shape_for(conversation: Conversation) -> Shape:
    """How its documents lie in a message."""
    return "element" if rows_for(conversation)["shape"] == "element" else "text"


def step_of(conversation: Conversation) -> str:
    """Where it stands, by the words of ``profiles.status_words``."""
    request = conversation.request
    if request is None:
        return "not_filed"
    if request.state in ENDED and signed_refusal(request) is not None:
        return ENDED[request.state]
    return STEPS[request.state]


def reply_of(
    conversation: Conversation,
    *,
    step: str,
    now: datetime,
    papers: Sequence[Paper] = (),
    echo: Mapping[str, str] | None = None,
    fault: tuple[str, Text] | None = None,
) -> Reply:
    """What is said at a step; ``echo`` are values of the question where it is at hand, ``fault``
    is why something that was asked was not done."""
    request = conversation.request
    code, reasons = fault or _reasons(conversation, step)
    return Reply(
        status=step,
        at=now,
        echo=echo if echo is not None else _echo(conversation),
        language=request.language if request else "kk",
        our_number=request.number if request else "",
        accepted_at=request.accepted_at if request else None,
        due_at=request.due_at if request else None,
        code=code,
        reasons=reasons,
        papers=papers,
    )


def papers_of(conversation: Conversation, step: str) -> list[Paper]:
    """The documents of the end: the certificate, or the signed refusal. Raises NotNow where a file
    cannot be read."""
    request = conversation.request
    if request is None or step not in FINAL:
        return []
    if step == "issued":
        return _certificate(request)
    letter = signed_refusal(request) if step in ENDED.values() else None
    return _refusal(letter) if letter else []


def signed_refusal(request: Request) -> Letter | None:
    """The refusal as a document; None while nobody signed it."""
    letters = letters_about(f"request:{request.number}").filter(
        kind__in=REFUSALS, state=Letter.State.SIGNED
    )
    return letters.order_by("-pk").first()


def _reasons(conversation: Conversation, step: str) -> tuple[str, Text]:
    if conversation.request is None and conversation.refusal:
        kept = conversation.refusal
        return kept["code"], Text(kept["kk"], kept["ru"])
    refusal = conversation.request.refusal if conversation.request else None
    if step in ENDED.values() and refusal:
        said = [Text(**refusal["text"]), Text(**refusal["facts"])]
        kk, ru = (_joined(part.get(language) for part in said) for language in ("kk", "ru"))
        return refusal["ground"], Text(kk, ru)
    return "", NOTHING


def _joined(parts: Iterable[str]) -> str:
    """The ground and what was found, as one phrase."""
    found = [part.strip() for part in parts if part.strip()]
    told = ": ".join([*(part.rstrip(".:") for part in found[:-1]), *found[-1:]])
    return f"{told[:1].upper()}{told[1:]}"


def _echo(conversation: Conversation) -> dict[str, str]:
    """Values of the question; it is read again only for those that no row of ours keeps."""
    echo = {"number": conversation.portal_number, "chain": conversation.chain_id}
    rows = rows_for(conversation)
    question = question_of(conversation) if rows["out.iin"] or rows["out.system"] else None
    return echo if question is None else {**echo_of(rows, question.data), **echo}


def _certificate(request: Request) -> list[Paper]:
    certificate = request.certificate
    if certificate is None:
        return []
    signature = PersonSignature.objects.filter(certificate=certificate).first()
    return [
        Paper(
            kind=certificate.paper.upper(),
            name=f"{certificate.number}.pdf",
            number=certificate.number,
            day=certificate.issued_on,
            content=_read(certificate.file, certificate.file_sha256),
            signature=_read(signature.file, signature.sha256) if signature else b"",
        )
    ]


def _refusal(letter: Letter) -> list[Paper]:
    kept = str(letter.signature_facts.get("sha256", ""))
    return [
        Paper(
            kind="REFUSAL",
            name=f"{letter.number}.pdf",
            number=letter.number,
            day=local_day(letter.signed_at or letter.created_at),
            content=_read(letter.file, letter.file_sha256),
            signature=_read(letter.signature, kept) if letter.signature else b"",
        )
    ]


def _read(name: str, sha256: str) -> bytes:
    content = unchanged(name, sha256)
    if not content:
        raise NotNow(f"{name} cannot be read or is not the one that was stored")
    return content
