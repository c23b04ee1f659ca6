"""Where the printers of a provider put the text on a blank."""

from datetime import datetime
from typing import Final

from django.db import transaction

from kualik.accounts.models import User
from kualik.certificates.models import PrinterSetting
from kualik.certificates.services.blanks.moving import book_of
from kualik.core import journal
from kualik.papers.services import render_ruler
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.lifecycle import Role

# Two centimetres; beyond that the paper lies wrongly in the tray.
MOST: Final = 200


@transaction.atomic
def set_printer(
    *,
    provider: Provider,
    name: str,
    right: int,
    down: int,
    user: User,
    role: Role,
    now: datetime,
) -> PrinterSetting:
    """Keep how far a printer of that name moves the text, in tenths of a millimetre.

    Raises ``printer_name_missing``, ``printer_shift_wrong``, ``not_permitted``, and for a name
    that the test page cannot show ``paper_glyph_missing``.
    """
    name = " ".join(name.split())
    if user.provider_id != provider.pk:
        raise RuleViolation("not_permitted")
    if not name:
        raise RuleViolation("printer_name_missing")
    if max(abs(right), abs(down)) > MOST:
        raise RuleViolation("printer_shift_wrong", most=MOST // 10)
    render_ruler(printer=name, right=right, down=down, made_at=now)
    row, _ = PrinterSetting.objects.update_or_create(
        provider=provider,
        name=name,
        defaults={"right": right, "down": down, "changed_at": now},
    )
    journal.record(
        subject=book_of(provider),
        action="certificates.printer_set",
        actor=user.acting_as(role),
        now=now,
        data={"printer": name, "right": right, "down": down},
    )
    return row


def printers_of(provider: Provider) -> list[PrinterSetting]:
    """The printers by name."""
    return list(PrinterSetting.objects.filter(provider=provider).order_by("name"))


def test_page(printer: PrinterSetting) -> bytes:
    """The page with rulers by which a printer is aligned."""
    return render_ruler(
        printer=printer.name,
        right=printer.right,
        down=printer.down,
        made_at=printer.changed_at,
    )
