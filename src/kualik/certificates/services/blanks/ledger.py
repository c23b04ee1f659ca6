"""What the ledger of blanks holds: used + spoiled + lost + left = received, for every provider."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, F, QuerySet, Sum

from kualik.accounts.models import User
from kualik.certificates.models import Blank, BlankReceipt, Certificate
from kualik.certificates.queries import SEES_ALL
from kualik.providers.models import Provider

State = Blank.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The figures of one provider; ``received`` is counted from the papers of delivery alone."""

    received: int = 0
    in_stock: int = 0
    given: int = 0
    used: int = 0
    spoiled: int = 0
    lost: int = 0

    @property
    def left(self) -> int:
        """Clean blanks, in the safe and with the staff."""
        return self.in_stock + self.given

    @property
    def adds_up(self) -> bool:
        """Whether every blank received is accounted for."""
        return self.used + self.spoiled + self.lost + self.left == self.received


def ledger_of(provider: Provider) -> Ledger:
    """The figures of a provider at this moment."""
    return ledgers_of([provider])[provider.pk]


def ledgers_of(providers: Iterable[Provider]) -> dict[int, Ledger]:
    """The same for several providers, by primary key; zeros where none was ever received."""
    keys = [provider.pk for provider in providers]
    found: dict[int, dict[str, int]] = {key: {} for key in keys}
    received = BlankReceipt.objects.filter(provider__in=keys).values("provider")
    for row in received.annotate(total=Sum(F("last") - F("first") + 1)).order_by():
        found[row["provider"]]["received"] = row["total"]
    states = Blank.objects.filter(provider__in=keys).values("provider", "state")
    for row in states.annotate(total=Count("pk")).order_by():
        found[row["provider"]][row["state"]] = row["total"]
    return {key: Ledger(**figures) for key, figures in found.items()}


def blanks_visible_to(user: User) -> QuerySet[Blank]:
    """The own provider's blanks for its staff, all of them for inspectors, else none."""
    related = ("receipt", "holder", "certificate", "provider")
    blanks = Blank.objects.select_related(*related).order_by("series", "number")
    if user.provider_id is not None:
        return blanks.filter(provider=user.provider_id)
    return blanks if user.has_role(SEES_ALL) else blanks.none()


def providers_visible_to(user: User) -> QuerySet[Provider]:
    """Whose ledgers somebody may look at."""
    providers = Provider.objects.order_by("code")
    if user.provider_id is not None:
        return providers.filter(pk=user.provider_id)
    return providers if user.has_role(SEES_ALL) else providers.none()


def held_by(user: User) -> QuerySet[Blank]:
    """The clean blanks for which a member of staff answers, the lowest number first.

    One that lies at a printer is not among them.
    """
    given = Blank.objects.filter(holder=user, provider=user.provider_id, state=State.GIVEN)
    clean = given.exclude(printings__outcome="")
    return clean.select_related("receipt").order_by("series", "number")


def blank_of(certificate: Certificate) -> Blank | None:
    """The used blank that bears a document."""
    used = Blank.objects.filter(certificate=certificate, state=State.USED)
    return used.select_related("receipt").first()
