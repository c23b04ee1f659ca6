"""Forms whose words are kept: while they are typed, when the language of the page is changed
without a script, and when the form comes after its session has ended."""

from collections.abc import Callable, Iterable, Mapping
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from kualik.accounts.queries import visiting_person
from kualik.cases.forms.enclosing import plain_text
from kualik.cases.models import Draft
from kualik.cases.services.drafting import draft_of_key, empty, keep
from kualik.core import clock
from kualik.core.access import page_address, takes_late, to_entry

View = Callable[..., HttpResponse]
Read = Callable[[HttpRequest, Draft], Mapping[str, object]]
# What the buttons and the script of such a form say in ``do``.
KEEP, ANEW = "keep", "anew"
LONGEST = 8000
NOTHING_TO_SAY = 204


def keeps_typed(kind: str, read: Read) -> Callable[[View], View]:
    """For an applicant's page with a draft; put it under ``takes_scans``, whose limits it needs.

    ``kind`` is the draft's, parts of the address in braces; ``read`` tells what to keep.
    """

    def mark(view: View) -> View:
        @wraps(view)
        def kept(request: HttpRequest, **parts: object) -> HttpResponse:
            if request.method != "POST":
                return view(request, **parts)
            key = request.POST.get("key", "")
            draft = draft_of_key(kind=kind.format(**parts), key=key)
            if draft is not None:
                return answer_kept(request, draft, read) or view(request, **parts)
            return view(request, **parts) if visiting_person(request) else to_entry(request)

        return takes_late(kept)

    return mark


def answer_kept(request: HttpRequest, draft: Draft, read: Read) -> HttpResponse | None:
    """The answer to a form that is only to be kept; None for one that the view shall act on."""
    person, pressed = visiting_person(request), request.POST.get("do")
    if person is not None and (person != draft.person or pressed not in (KEEP, ANEW)):
        return None
    if person is not None and pressed == ANEW:
        empty(draft=draft, now=clock.now())
        return redirect(page_address(request))
    if draft.result:
        return to_entry(request) if person is None else redirect(page_address(request))
    keep(draft=draft, data=read(request, draft), now=clock.now())
    if person is None and not is_by_script(request):
        return to_entry(request, told=_told(request))
    return kept_answer(request)


def kept_answer(request: HttpRequest) -> HttpResponse:
    """What a form that was kept is answered: nothing to a script, else the page once more."""
    if is_by_script(request):
        return HttpResponse(status=NOTHING_TO_SAY)
    return redirect(page_address(request))


def is_by_script(request: HttpRequest) -> bool:
    """Whether the form was sent while it is being typed."""
    return request.headers.get("Accept") == "application/json"


def words_of(*names: str) -> Read:
    """What reads these fields for a draft."""
    return lambda request, _draft: typed_in(request, names)


def typed_in(request: HttpRequest, names: Iterable[str]) -> dict[str, object]:
    """The fields as they were typed, none longer than a form may hold, any IIN masked."""
    return {name: plain_text(request.POST.get(name, "")[:LONGEST]) for name in names}


def _told(request: HttpRequest) -> str:
    if request.FILES:
        return gettext(
            "Your session has ended. What you typed is kept; enter again to go on. "
            "Attach the files once more."
        )
    return gettext("Your session has ended. What you typed is kept; enter again to go on.")
