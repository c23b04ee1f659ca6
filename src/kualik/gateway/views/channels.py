"""The addresses of our channels, as the bus calls them."""

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseNotFound
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from kualik.core import clock
from kualik.core.access import public
from kualik.core.throttle import address_of
from kualik.gateway.adapters.bodies import read_body
from kualik.gateway.adapters.faults import GatewayFault
from kualik.gateway.adapters.wsdl import description, schema_part
from kualik.gateway.services.receiving import Endpoint, Reply, check_heard, receive, refuse

XML = "text/xml; charset=utf-8"


@public
@never_cache
@csrf_exempt
def sync_channel(request: HttpRequest) -> HttpResponse:
    """Questions of the synchronous channel; by GET with ``?wsdl`` its description."""
    return _answered(request, "sync")


@public
@never_cache
@csrf_exempt
def async_channel(request: HttpRequest) -> HttpResponse:
    """Messages and their states that the gateway pushes; by GET with ``?wsdl`` the description."""
    return _answered(request, "async")


def _answered(request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
    if request.method == "GET":
        return _description(request, endpoint)
    if request.method != "POST":
        return HttpResponseNotAllowed(["GET", "POST"])
    reply = _reply(request, endpoint)
    return HttpResponse(reply.content, content_type=XML, status=reply.status)


def _reply(request: HttpRequest, endpoint: Endpoint) -> Reply:
    address, now = address_of(request), clock.now()
    try:
        check_heard(address, now=now)
        raw = read_body(request)
    except GatewayFault as fault:
        return refuse(endpoint=endpoint, fault=fault, address=address, now=now)
    # A slow sender has no old moment for it.
    return receive(endpoint=endpoint, raw=raw, address=address, now=clock.now())


def _description(request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
    address = request.build_absolute_uri(request.path)
    if "xsd" in request.GET:
        part = schema_part(endpoint, request.GET["xsd"], address)
        return HttpResponse(part, content_type=XML) if part else HttpResponseNotFound()
    return HttpResponse(description(endpoint, address), content_type=XML)
