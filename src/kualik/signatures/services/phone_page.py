"""What a page with a code for eGov Mobile shows, whoever asks for the signature."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from kualik.core.errors import message
from kualik.core.qr import QrCode, qr_code
from kualik.core.throttle import is_spent
from kualik.rules.errors import RuleViolation
from kualik.signatures.services.phone import WRONG_SIGNATURES, Stage, Standing
from kualik.signatures.services.phone_judging import reason_text

MINUTE = timedelta(minutes=1)
RELOAD_SECONDS = 5
# Addresses and identifiers of both applications, as their operator publishes them.
MOBILE = ("https://m.egov.kz/mobileSign/", "1476128386", "kz.egov.mobile", "kz.mobile.mgov")
BUSINESS = (
    "https://m.egov.kz/businessSign/",
    "1597880144",
    "kz.mobile.mgov.business",
    "kz.mobile.mgov.business",
)
OPEN = (Stage.OFFERED, Stage.FETCHED)
SAID = {
    Stage.OFFERED: _("Waiting for the phone."),
    Stage.FETCHED: _("The phone has received the request. Confirm it there."),
    Stage.SIGNED: _("Signed on the phone."),
    Stage.CANCELLED: _("The request was refused on the phone."),
    Stage.USED: _("This code is used already."),
    Stage.EXPIRED: _("The code has expired."),
}
TRY_AGAIN = _("The code still works: sign with another key on the phone, or take a new code.")
SPENT = _("This code takes no more signatures. Take a new code and sign with another key.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhonePage:
    """Words about the offer, the code, and the links that open it on this very phone.

    ``simulator`` leads to the simulated phone of a demonstration, else it is empty. ``is_spent``
    says that the last refusal was one too many for this code.
    """

    stage: Stage
    said: str
    left: str
    fault: str
    text: str
    mobile: str
    business: str
    simulator: str
    is_spent: bool = False
    reload_seconds: int = RELOAD_SECONDS

    @property
    def is_waiting(self) -> bool:
        """Whether something may still come from the phone."""
        return self.stage in OPEN and not self.is_spent

    @property
    def is_signed(self) -> bool:
        """Whether the page may take the result."""
        return self.stage is Stage.SIGNED

    @property
    def qr(self) -> QrCode:
        """The code to scan."""
        return qr_code(self.text)

    def to_record(self) -> dict[str, str]:
        """What the page's script needs to tell the same without loading the page anew."""
        return {
            "stage": "spent" if self.is_spent else self.stage.value,
            "said": self.said,
            "left": self.left,
            "fault": self.fault,
        }


def phone_page(*, token: str, standing: Standing, now: datetime) -> PhonePage:
    """The page of an offer, in the language of the request."""
    address = settings.PUBLIC_URL + reverse("signatures:phone_card", args=[token])
    is_open = standing.stage in OPEN
    is_over = is_open and bool(standing.fault) and is_spent(WRONG_SIGNATURES, token, now=now)
    return PhonePage(
        stage=standing.stage,
        said=_said(standing, is_over=is_over),
        left=_left(standing.expires_at - now) if is_open else "",
        fault=_fault(standing.fault) if is_open else "",
        text=f"mobileSign:{address}",
        mobile=_link(MOBILE, address),
        business=_link(BUSINESS, address),
        simulator=_simulator(address),
        is_spent=is_over,
    )


def _said(standing: Standing, *, is_over: bool) -> str:
    """Where the offer stands; after a refusal what to do instead."""
    if is_over:
        return str(SPENT)
    if standing.stage in OPEN and standing.fault:
        return str(TRY_AGAIN)
    return str(SAID[standing.stage])


def _link(application: tuple[str, str, str, str], address: str) -> str:
    """A link that opens the application, or the shop that has it."""
    base, isi, ibi, apn = application
    return f"{base}?link={quote(address, safe='')}&isi={isi}&ibi={ibi}&apn={apn}"


def _simulator(address: str) -> str:
    if not settings.DEMO:
        return ""
    return f"http://{settings.SIMULATORS[1]}/?link={quote(address, safe='')}"


def _left(time: timedelta) -> str:
    minutes = time // MINUTE
    if minutes < 1:
        return gettext("The code works for less than a minute.")
    return ngettext(
        "The code works for %(minutes)s more minute.",
        "The code works for %(minutes)s more minutes.",
        minutes,
    ) % {"minutes": minutes}


def _fault(kept: str) -> str:
    """The last refusal in words; its reason is one of a verdict or of the error table."""
    if not kept:
        return ""
    code, _colon, why = kept.partition(":")
    if not why:
        return message(RuleViolation(code))
    return message(RuleViolation(code, reason=reason_text(why)))
