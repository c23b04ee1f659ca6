"""КДП: the consent of a person that one service gives us their data (``KDP_SERVICE``)."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kualik.gateway.adapters.inner import Unreadable, add, anywhere, element, text_of, typed
from kualik.gateway.adapters.transport_keys import TransportKey

NAMESPACE: Final = "http://service.2fa-chain.kz/ns/kdp"
# How the identity of the person was checked here, for a consent without an SMS.
CHECKS: Final = frozenset({"Bio", "Ds"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Who asks for whose data and what for; with ``ovt`` the person gets no SMS from 1414.

    ``access_name`` is the service that will be asked, ``data_name`` what the person reads.
    """

    iin: str
    company: str
    company_bin: str
    responsible: str
    employee: str
    access_name: str
    data_name: str
    lasts: timedelta
    ovt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Its answer: the word of the status; code and key only where it is given."""

    word: str
    code: str
    key: str


def question_xml(question: Question) -> str:
    """``getUserDataRequest``, sent as typed ``data``, its fields in the order of the service."""
    root = typed(NAMESPACE, "kdp", "getUserDataRequest")
    values = {
        "uin": question.iin,
        "company": question.company,
        "company_bin": question.company_bin,
        "company_responsible": question.responsible,
        "employee_name": question.employee,
        "access_name": question.access_name,
        "personal_data_name": question.data_name,
        "expiresIn": str(question.lasts // timedelta(milliseconds=1)),
        "omit-sms": "true" if question.ovt else "false",
    }
    if question.ovt:
        values["ovt"] = question.ovt
    for name, value in values.items():
        add(root, name, value)
    return text_of(root)


def read_answer(text: str) -> Said:
    """What КДП said; white space inside the code and the key is none of theirs.

    Raises ``Unreadable`` where there is no status.
    """
    root = element(text)
    word = anywhere(root, "status")
    if not word:
        raise Unreadable("status")
    code, key = anywhere(root, "code"), anywhere(root, "public-key")
    return Said(word=word.upper(), code="".join(code.split()), key="".join(key.split()))


def ovt(*, bin: str, check: str, key: TransportKey, now: datetime, lasts: timedelta) -> str:
    """That the organisation of ``bin`` checked the identity itself: JWT RS256 (RFC 7519).

    ``key`` must be RSA: what it makes of bytes is RSASSA-PKCS1-v1_5 with SHA-256, as RS256 wants
    it, and the key may lie where no library of tokens reaches it.
    """
    if check not in CHECKS:
        raise ValueError(check)
    claims = {
        "cbin": bin,
        "mcheck": check,
        "iat": int(now.timestamp()),
        "exp": int((now + lasts).timestamp()),
    }
    signed = f"{_encoded({'alg': 'RS256', 'typ': 'JWT'})}.{_encoded(claims)}"
    return f"{signed}.{_base64(key.sign(signed.encode()))}"


def _encoded(record: dict[str, object]) -> str:
    return _base64(json.dumps(record, separators=(",", ":")).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
