"""What is typed of a complaint before it is sent: kept in a draft of the person whose cabinet is
open, for anybody else for an hour in this browser's session, and then no word of who complains."""

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse

from kualik.accounts.models import Person
from kualik.cases.forms.keeping import (
    ANEW,
    KEEP,
    answer_kept,
    kept_answer,
    typed_in,
    words_of,
)
from kualik.cases.models import Draft
from kualik.cases.services.drafting import begin, draft_of_key
from kualik.complaints.queries import request_named
from kualik.core import clock
from kualik.core.throttle import Limit, address_of, check_limit, count_miss

KIND = "complaint"
ABOUT = ("subject", "provider", "named_number", "known_on")
SAID = (*ABOUT, "text", "wish", "late_reason", "language")
WHO = ("complainant", "phone", "email", "postal_address", "residence")
read = words_of(*SAID, *WHO)
# Where the session of somebody without a cabinet keeps the words.
TYPED_HERE = "complaint_typed"
KEPT_FOR = timedelta(hours=1)
# Each begins a session, which is a row; who types in one is not counted.
BEGUN = Limit("complaints begun", 200, KEPT_FOR)


def kind_of(request: HttpRequest) -> str:
    """The draft's kind: one for each request that the address names, and one without."""
    named = request_named(request.GET.get("request", "")[:64])
    return f"{KIND}:{named.pk}" if named else KIND


def draft_sent(request: HttpRequest, person: Person | None) -> Draft | None:
    """The draft of the form that was sent, for its person and for who has no cabinet open; None
    for a form that was made for no cabinet."""
    found = draft_of_key(kind=kind_of(request), key=request.POST.get("key", ""))
    is_own = found is not None and person in (None, found.person)
    return found if is_own else None


def typed_before(
    request: HttpRequest, person: Person | None, now: datetime
) -> tuple[dict[str, object], str]:
    """What was typed before and not sent, and the key of its draft, empty for no cabinet."""
    kind = kind_of(request)
    if person is not None:
        draft = begin(person=person, kind=kind, now=now)
        return {name: value for name, value in draft.data.items() if value}, draft.key
    kept = request.session.get(TYPED_HERE)
    if not kept:
        return {}, ""
    if now - datetime.fromisoformat(kept["at"]) > KEPT_FOR:
        del request.session[TYPED_HERE]
        return {}, ""
    return (kept["words"] if kept["kind"] == kind else {}), ""


def answer_typed(request: HttpRequest, draft: Draft | None) -> HttpResponse | None:
    """The answer to a form that is only to be kept; None for one that is to be filed.

    One that was made for a cabinet and comes without it is kept: it shall not be a stranger's.
    """
    if draft is not None:
        return answer_kept(request, draft, read)
    pressed = request.POST.get("do")
    if pressed == ANEW:
        forget_typed(request)
    elif pressed == KEEP:
        _keep_here(request)
    else:
        return None
    return kept_answer(request)


def forget_typed(request: HttpRequest) -> None:
    """Empty what the session keeps."""
    request.session.pop(TYPED_HERE, None)


def _keep_here(request: HttpRequest) -> None:
    """Raises ``too_many_tries`` where one address began too many sessions."""
    now = clock.now()
    if request.session.session_key is None:
        check_limit(BEGUN, address_of(request), now=now)
        count_miss(BEGUN, address_of(request), now=now)
    words = {name: value for name, value in typed_in(request, SAID).items() if value}
    request.session[TYPED_HERE] = {"at": now.isoformat(), "kind": kind_of(request), "words": words}
