"""E-mail by SMTP: one plain letter to one person."""

import hashlib
import smtplib
from collections.abc import Iterator

from django.core.mail import EmailMessage, get_connection

from kualik.core.jobs import NotNow
from kualik.notifications.adapters.addresses import CarrierAddress
from kualik.notifications.adapters.carriers import AccountRefused, Away, Handed, Never, Outgoing

BACKEND = "django.core.mail.backends.smtp.EmailBackend"
USUAL_PORTS = {"starttls": 587, "ssl": 465, "none": 25}
SILENCE_SECONDS = 20
FIRST_PERMANENT = 500


class SmtpCarrier:
    """A server to hand letters to.

    A letter keeps its Message-ID through all tries, so one that comes twice is known as the same.
    """

    name = "smtp"
    may_repeat = True

    def __init__(self, address: CarrierAddress) -> None:
        self._address = address

    def send(self, outgoing: Outgoing) -> Iterator[Handed]:
        """See ``Carrier``."""
        sender = self._address.options.get("from", "")
        mark = message_id(outgoing, sender)
        letter = EmailMessage(
            subject=outgoing.subject,
            body=outgoing.body,
            from_email=sender,
            to=[outgoing.address],
            headers={
                "Message-ID": mark,
                "Auto-Submitted": "auto-generated",
                "X-Auto-Response-Suppress": "All",
                "Content-Language": outgoing.language,
            },
        )
        try:
            self._hand_over(letter)
        except smtplib.SMTPRecipientsRefused as refused:
            codes = [code for code, _ in refused.recipients.values()]
            raise _judged(min(codes, default=0), "the recipient is refused") from None
        except smtplib.SMTPAuthenticationError as refused:
            raise AccountRefused(f"the server refuses us: {refused.smtp_code}") from None
        except smtplib.SMTPSenderRefused as refused:
            raise AccountRefused(f"the sender is refused: {refused.smtp_code}") from None
        except smtplib.SMTPResponseException as refused:
            raise _judged(refused.smtp_code, "the server refuses") from None
        except smtplib.SMTPNotSupportedError:
            raise AccountRefused("the server cannot do what the setting asks for") from None
        except (smtplib.SMTPException, OSError) as fault:
            raise Away(type(fault).__name__) from None
        except ValueError:
            raise Never("the address or the subject cannot be written in a letter") from None
        yield Handed(1, 1, mark[1:-1][:80])

    def was_taken(self, outgoing: Outgoing) -> Handed | None:
        """SMTP does not tell; the letter may be repeated."""
        return None

    def _hand_over(self, letter: EmailMessage) -> None:
        address = self._address
        tls = address.options.get("tls", "starttls")
        connection = get_connection(
            BACKEND,
            host=address.host,
            port=address.port or USUAL_PORTS.get(tls, 587),
            username=address.user,
            password=address.secret,
            use_tls=tls == "starttls",
            use_ssl=tls == "ssl",
            timeout=SILENCE_SECONDS,
        )
        connection.send_messages([letter])


def message_id(outgoing: Outgoing, sender: str) -> str:
    """The mark of a letter: the same at every try, and it tells nothing."""
    digest = hashlib.sha256(f"{outgoing.number}:{outgoing.address}".encode()).hexdigest()[:32]
    return f"<{digest}@{sender.rpartition('@')[2].strip('> ') or 'localhost'}>"


def _judged(code: int, said: str) -> Exception:
    reason = f"{said}: {code}"
    return Never(reason) if code >= FIRST_PERMANENT else NotNow(reason)
