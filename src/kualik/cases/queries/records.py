"""A request in plain values, as archives give it out."""

from dataclasses import asdict

from kualik.cases.models import Request
from kualik.core.clock import ZONE


def request_record(request: Request) -> dict[str, object]:
    """The request without the applicant's IIN, phone and e-mail; moments in Kazakhstan's time."""
    moments = {
        name: getattr(request, name).astimezone(ZONE).isoformat()
        for name in ("filed_at", "accepted_at", "due_at")
    }
    return {
        "number": request.number,
        "edition": request.edition,
        "state": request.state,
        "programme": asdict(request.title),
        "holder": asdict(request.holder),
        "kind": request.kind,
        "paper": request.paper,
        "channel": request.channel,
        **moments,
        "clock": request.clock,
        "refusal": request.refusal,
        "certificate": request.certificate.number if request.certificate else "",
    }
