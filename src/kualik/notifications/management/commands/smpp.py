"""``kualik smpp``: holds the line to the SMS centre of ``KUALIK_SMS_URL``."""

import logging
import signal
import threading
from types import FrameType

from django.core.management.base import BaseCommand, CommandError
from django.db import Error, close_old_connections

from kualik.core import clock
from kualik.notifications.services.carriers import SMPP, sms_address
from kualik.notifications.services.linking import serve

PAUSE_AFTER_FAULT_SECONDS = 5.0
log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Send short messages by SMPP 3.4, and keep receipts and answers, until stopped."

    def handle(self, *_args: object, **_options: object) -> None:
        address = sms_address()
        if address is None or address.scheme != SMPP:
            raise CommandError("KUALIK_SMS_URL names no SMS centre (smpp://…)")
        stop = threading.Event()

        def finish(_signal: int, _frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, finish)
        signal.signal(signal.SIGINT, finish)
        while not stop.is_set():
            try:
                serve(address, stop=stop, clock=clock.now)
            except Error:
                log.exception("the database does not answer as it should; trying again")
                close_old_connections()
                stop.wait(PAUSE_AFTER_FAULT_SECONDS)
