"""What SMS services tell us by calling our address, and the signatures by which they are known.

smsc.kz signs ``id:phone:status:secret``, of an answer ``phone:mes:to:secret`` (MD5 or SHA-1).
Mobizon signs ``eventId|attempt|eventCreateTs|secret`` (SHA-1): not the content, so its address must
be called over TLS. KazInfoTeh names no signature, so it has no address here.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

DELIVERY_REPORT = "sms-delivery-report"
LARGEST_CALL = 65_536
# smsc.kz, "Статусы сообщений"; everything else is on its way.
SMSC_STATES = {
    "1": "DELIVRD", "2": "DELIVRD", "3": "EXPIRED", "20": "UNDELIV", "22": "UNDELIV",
    "23": "REJECTD", "24": "REJECTD", "25": "UNDELIV",
}  # fmt: skip
UNDECIDED = "ENROUTE"


class Forged(Exception):
    """The call is not signed with our secret, or is none at all."""


@dataclass(frozen=True, slots=True)
class Told:
    """A call as it came: the body, and its fields where it is a form."""

    body: bytes
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a message, in the words of SMPP."""

    reference: str
    state: str
    phone: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person wrote; ``reference`` is empty where the service gives no number."""

    reference: str
    phone: str
    to: str
    text: str


Call = Report | Answer
Reader = Callable[[Told, str], Call | None]


def read_smsc(told: Told, secret: str) -> Call:
    """A form of smsc.kz. Raises Forged."""
    fields = told.fields
    phone = fields.get("phone", "")
    if "mes" in fields:
        signed = (phone, fields["mes"], fields.get("to", ""), secret)
        _check_smsc(fields, ":".join(signed))
        return Answer(fields.get("id", ""), phone, fields.get("to", ""), fields["mes"])
    status = fields.get("status", "")
    _check_smsc(fields, ":".join((fields.get("id", ""), phone, status, secret)))
    return Report(fields.get("id", ""), SMSC_STATES.get(status, UNDECIDED), phone)


def read_mobizon(told: Told, secret: str) -> Report | None:
    """An event of Mobizon; None for one that is no delivery report. Raises Forged."""
    try:
        event = json.loads(told.body)
        signed = "|".join(
            [*(str(event[name]) for name in ("eventId", "attempt", "eventCreateTs")), secret]
        )
        _check(hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest(), event["sign"])
        if event["eventType"] != DELIVERY_REPORT:
            return None
        data = event["data"]
        return Report(str(data["messageId"]), str(data["status"]).upper(), str(data["to"]))
    except (ValueError, KeyError, TypeError):
        raise Forged from None


READERS: Mapping[str, Reader] = {"smsc": read_smsc, "mobizon": read_mobizon}


def _check_smsc(fields: Mapping[str, str], signed: str) -> None:
    """Every signature that came must fit, and one must have come."""
    made = {
        "sha1": hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest(),
        "md5": hashlib.md5(signed.encode(), usedforsecurity=False).hexdigest(),
    }
    came = {name: fields[name] for name in made if fields.get(name)}
    if not came:
        raise Forged
    for name, value in came.items():
        _check(made[name], value)


def _check(wanted: str, came: object) -> None:
    if not hmac.compare_digest(wanted.encode(), str(came).lower().encode()):
        raise Forged
