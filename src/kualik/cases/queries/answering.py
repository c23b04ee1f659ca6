"""Who answers to the applicant for a provider's requests."""

from collections.abc import Collection
from dataclasses import dataclass

from kualik.accounts.models import User
from kualik.providers.models import Office, Provider
from kualik.rules.language import Text
from kualik.rules.lifecycle import Role

IN_THIS_ORDER = (Role.OFFICE_HEAD, Role.AUTHORISED_PERSON)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerable:
    """The head of the office, else the authorised person; ``phones`` are those of the office.

    ``user`` is the primary key. Their position and the office's phones are public (A57.10.a,
    A303.10.f).
    """

    user: int
    name: str
    position: Text
    role: Role
    phones: tuple[str, ...]

    @property
    def line(self) -> str:
        """Name and phone, as a message says them."""
        return ", ".join((self.name, *self.phones[:1]))


def answerable_of(provider: Provider) -> Answerable | None:
    """See ``Answerable``; None for a provider without either of them."""
    return answerables_of([provider.pk]).get(provider.pk)


def answerables_of(providers: Collection[int]) -> dict[int, Answerable]:
    """The same for several providers, by primary key; those first appointed come first."""
    offices = Office.objects.filter(provider__in=providers, is_main=True)
    phones = {row.provider_id: tuple(row.phones) for row in offices}
    staff = User.objects.filter(
        provider__in=providers, is_active=True, grants__role__in=IN_THIS_ORDER
    ).order_by("grants__granted_at", "pk")
    rows = staff.values_list(
        "provider", "grants__role", "pk", "full_name", "position_kk", "position_ru", "position_en"
    )
    found: dict[int, Answerable] = {}
    for provider, role, user, name, *position in sorted(
        rows, key=lambda row: IN_THIS_ORDER.index(Role(row[1]))
    ):
        found.setdefault(
            provider,
            Answerable(
                user=user,
                name=name,
                position=Text(*position),
                role=Role(role),
                phones=phones.get(provider, ()),
            ),
        )
    return found
