"""The ledger of numbered blanks, and what was printed on them (A57.4, A303.4)."""

from typing import ClassVar
from uuid import uuid4

from django.db import models

from kualik.accounts.models import User
from kualik.certificates.models.register import Certificate
from kualik.providers.models import Provider

ACT_FOLDER = "certificates/acts"


def act_path(_blank: "Blank", _filename: str) -> str:
    """A name that tells nothing."""
    return f"{ACT_FOLDER}/{uuid4().hex}"


class BlankReceipt(models.Model):
    """A delivery of blanks: numbers ``first`` to ``last`` of ``series``, by which paper."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="blank_receipts")
    series = models.CharField(max_length=8)
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    digits = models.PositiveSmallIntegerField(default=6)
    document = models.CharField(max_length=120)
    received_on = models.DateField()
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.series} {self.first}-{self.last}"


class Blank(models.Model):
    """One numbered blank; exactly one state at a time, so that the ledger always adds up.

    ``holder`` answers for it while it is ``given``; a ``used`` one bears ``certificate``; a
    ``spoiled`` or ``lost`` one names the act (``act_number``) and why.
    """

    class State(models.TextChoices):
        IN_STOCK = "in_stock"
        GIVEN = "given"
        USED = "used"
        SPOILED = "spoiled"
        LOST = "lost"

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="blanks")
    receipt = models.ForeignKey(BlankReceipt, on_delete=models.PROTECT, related_name="blanks")
    series = models.CharField(max_length=8)
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.IN_STOCK)
    version = models.PositiveIntegerField(default=1)
    holder = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="blanks")
    certificate = models.ForeignKey(
        Certificate, on_delete=models.PROTECT, null=True, related_name="blanks"
    )
    reason = models.CharField(max_length=300, blank=True)
    act_number = models.CharField(max_length=60, blank=True)
    act = models.FileField(upload_to=act_path, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider", "series", "number"], name="one_blank_a_number"
            ),
            models.UniqueConstraint(
                fields=["certificate"],
                condition=models.Q(state="used"),
                name="one_used_blank_a_certificate",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="used") | models.Q(certificate__isnull=False),
                name="used_blank_bears_a_certificate",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="given") | models.Q(holder__isnull=False),
                name="somebody_answers_for_a_given_blank",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["spoiled", "lost"]) | ~models.Q(act_number=""),
                name="blank_is_written_off_by_an_act",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["provider", "state", "series", "number"], name="blanks_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.number}"

    @property
    def label(self) -> str:
        """Series and number as they are printed: "AA 000123"."""
        return f"{self.series} {self.number:0{self.receipt.digits}d}"


class BlankCount(models.Model):
    """What somebody counted at the end of a day, against the ledger: used + spoiled + lost + left
    = received. ``counted`` is what lay in the safe; ``difference`` is that less the ledger's left.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="blank_counts")
    day = models.DateField()
    received = models.PositiveIntegerField()
    used = models.PositiveIntegerField()
    spoiled = models.PositiveIntegerField()
    lost = models.PositiveIntegerField()
    left = models.PositiveIntegerField()
    counted = models.PositiveIntegerField(null=True)
    remark = models.CharField(max_length=300, blank=True)
    counted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    counted_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "day"], name="one_blank_count_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.day}"

    @property
    def difference(self) -> int:
        """What was counted less what the ledger holds; 0 while nobody counted."""
        return 0 if self.counted is None else self.counted - self.left


class PrinterSetting(models.Model):
    """Where a printer puts the text on a blank: shifts in tenths of a millimetre."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="printers")
    name = models.CharField(max_length=60)
    right = models.SmallIntegerField(default=0)
    down = models.SmallIntegerField(default=0)
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "name"], name="one_printer_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Printing(models.Model):
    """One print of a document on a blank; another print of the same one needs a ``reason``.

    ``outcome`` is what the person at the printer answered; until then the print is open and the
    blank stays given. After "nothing" the blank is as clean as before.
    """

    class Outcome(models.TextChoices):
        OPEN = ""
        GOOD = "good"
        SPOILED = "spoiled"
        NOTHING = "nothing"

    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="printings")
    blank = models.ForeignKey(Blank, on_delete=models.PROTECT, related_name="printings")
    printer = models.ForeignKey(
        PrinterSetting, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason = models.CharField(max_length=300, blank=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    printed_at = models.DateTimeField()
    outcome = models.CharField(max_length=7, choices=Outcome.choices, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["certificate"],
                condition=models.Q(outcome=""),
                name="one_open_print_a_document",
            ),
            models.UniqueConstraint(
                fields=["blank"],
                condition=~models.Q(outcome="nothing"),
                name="one_print_a_blank",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.certificate_id} {self.printed_at}"
