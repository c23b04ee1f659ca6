"""The address that SMS services call."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from kualik.core import clock
from kualik.core.access import public
from kualik.core.throttle import Limit, address_of, check_limit, count_miss
from kualik.notifications.adapters.hooks import LARGEST_CALL, Forged, Told
from kualik.notifications.services.hooking import is_expected, read_call, take_call

FORGERS = Limit("sms-hook", 20)
TOO_LARGE, FORBIDDEN, UNKNOWN, TAKEN = 413, 403, 404, 200


@public
@csrf_exempt
@require_POST
def sms_hook(request: HttpRequest, carrier: str) -> HttpResponse:
    """Take a report or an answer; an unknown message is 404, so that the service calls again."""
    now, caller = clock.now(), address_of(request)
    if not is_expected(carrier):
        raise Http404
    check_limit(FORGERS, caller, now=now)
    if len(request.body) > LARGEST_CALL:
        return HttpResponse(status=TOO_LARGE)
    try:
        call = read_call(carrier, Told(request.body, request.POST.dict()))
    except Forged:
        count_miss(FORGERS, caller, now=now)
        return HttpResponse(status=FORBIDDEN)
    is_taken = call is None or take_call(carrier, call, now=now)
    return HttpResponse(status=TAKEN if is_taken else UNKNOWN)
