"""What a complainant is told, in the transaction of the act."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from kualik.complaints.models import Complaint
from kualik.complaints.queries import status_code
from kualik.complaints.services.moving import subject_of
from kualik.notifications.services.sending import Addresses, Notice, notify_all
from kualik.notifications.services.wording import Value


def tell(
    complaint: Complaint, event: str, *, now: datetime, occasion: str = "", **params: Value
) -> None:
    """Send an event of the messages to the addresses that the complaint names.

    ``occasion`` keeps apart what may happen to one complaint more than once.
    """
    address = f"{settings.PUBLIC_URL}{reverse('complaints:status')}?number={complaint.number}"
    notice = Notice(
        event=event,
        about=subject_of(complaint),
        addresses=Addresses(email=complaint.email, sms=complaint.phone),
        language=complaint.language,
        params={
            "number": complaint.number,
            "link": address,
            "code": status_code(complaint),
            **params,
        },
        person=complaint.person,
        scope=complaint.provider.code,
        occasion=occasion,
    )
    notify_all(notices=[notice], now=now)
