"""A provider's administrator keeps the own staff: invite, give roles, dismiss, bring back."""

import hashlib
import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from kualik.accounts.adapters.letters import tell_member
from kualik.accounts.models import RoleGrant, User
from kualik.accounts.queries import ROLE_LABELS, able, second_factors
from kualik.accounts.services.staff import enrol_staff
from kualik.core import journal
from kualik.core.journal import Actor
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.language import LANGUAGES, Text
from kualik.rules.lifecycle import Role

# The roles that an organisation gives to its own people.
PROVIDER_ROLES = frozenset(
    {
        Role.REGISTRAR,
        Role.CLERK,
        Role.OFFICE_HEAD,
        Role.AUTHORISED_PERSON,
        Role.PROVIDER_ADMIN,
    }
)
INVITED_FOR = timedelta(days=3)
SALT = "kualik.accounts.invitation"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffFacts:
    """Who somebody is at the organisation; ``iin`` may stay empty, then no EDS finds them."""

    email: str
    full_name: str
    position: Text
    roles: frozenset[Role]
    iin: str = ""


@transaction.atomic
def invite_staff(*, provider: Provider, facts: StaffFacts, actor: Actor, now: datetime) -> User:
    """A new account that nobody can use until its invitation is taken up.

    Raises ``role_not_given`` for a role that is not the organisation's to give, ``roles_empty``,
    ``staff_exists`` for a known address or a second account of the same person.
    """
    _check_roles(facts.roles)
    if User.objects.filter(email=facts.email.strip().lower()).exists():
        raise RuleViolation("staff_exists")
    try:
        with transaction.atomic():
            return enrol_staff(
                email=facts.email,
                password=None,
                full_name=facts.full_name,
                position=facts.position,
                provider=provider,
                roles=facts.roles,
                actor=actor,
                now=now,
                iin=facts.iin,
            )
    except IntegrityError as error:
        raise RuleViolation("staff_exists") from error


@transaction.atomic
def issue_link(*, user: User, address: Callable[[str], str], actor: Actor, now: datetime) -> str:
    """Make the link by which a member chooses a password; ``address`` makes it of its secret.

    Of an account that nobody took up yet the administrator hands it over: it is returned. Of one
    in use it goes to the member's own e-mail and nobody else sees it: then the answer is empty.
    The member is told in both cases. Raises ``staff_unreachable`` where no e-mail can be sent.
    """
    link = address(invitation_of(user, now=now))
    is_own = is_taken_up(user)
    sent_to = "member" if is_own else "administrator"
    _record(user, "accounts.invited", actor=actor, now=now, handed_to=sent_to)
    if not is_own:
        _tell(user, "staff_link_made", actor=actor, now=now)
        return link
    if not _tell(user, "staff_password_link", actor=actor, now=now, link=link):
        raise RuleViolation("staff_unreachable")
    return ""


def is_taken_up(user: User) -> bool:
    """Whether the account is somebody's own by now: a password, a device, or an entry."""
    is_used = user.last_login is not None or user.has_usable_password()
    return is_used or bool(second_factors(user))


def invitation_of(user: User, *, now: datetime) -> str:
    """The secret of a link by which ``user`` chooses a password, until ``INVITED_FOR`` has passed
    or a password was chosen."""
    told = {"user": user.pk, "state": _state(user), "until": (now + INVITED_FOR).timestamp()}
    return signing.dumps(told, salt=SALT)


@transaction.atomic
def accept_invitation(*, token: str, password: str, now: datetime) -> User:
    """Set the password of the link's account; its second factors stay, and one is asked for at the
    next entry.

    Raises ``invitation_ended`` and ``password_weak`` (reasons).
    """
    user = invited(token=token, now=now)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise RuleViolation("password_weak", reasons=" ".join(error.messages)) from error
    user.set_password(password)
    user.save(update_fields=["password"])
    own = Actor(name=f"user:{user.pk}")
    _record(user, "accounts.password_chosen", actor=own, now=now)
    _tell(user, "staff_password_changed", actor=own, now=now)
    return user


def invited(*, token: str, now: datetime) -> User:
    """Whose link it is. Raises ``invitation_ended`` for one that is used, old or made up."""
    try:
        told = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise RuleViolation("invitation_ended") from error
    user = User.objects.filter(pk=told["user"], is_active=True).first()
    is_standing = user is not None and hmac.compare_digest(told["state"], _state(user))
    if user is None or not is_standing or now.timestamp() >= told["until"]:
        raise RuleViolation("invitation_ended")
    return user


@transaction.atomic
def give_roles(*, user: User, roles: Collection[Role], actor: Actor, now: datetime) -> None:
    """The roles from now on. Raises ``role_not_given``, ``roles_empty``, ``last_admin_kept``."""
    wanted = frozenset(roles)
    _check_roles(wanted)
    _lock_staff(user)
    before = _roles(user)
    if Role.PROVIDER_ADMIN in before - wanted:
        _keep_an_admin(user)
    RoleGrant.objects.filter(user=user).exclude(role__in=wanted).delete()
    RoleGrant.objects.bulk_create(
        RoleGrant(user=user, role=role, granted_at=now) for role in sorted(wanted - before)
    )
    data = {"before": sorted(before), "after": sorted(wanted)}
    if before != wanted:
        _record(user, "accounts.roles_given", actor=actor, now=now, **data)
        _tell(user, "staff_roles_changed", actor=actor, now=now, roles=_named(wanted))


@transaction.atomic
def dismiss_staff(*, user: User, actor: Actor, now: datetime) -> None:
    """Close an account; what its person did stays under the name. Raises ``last_admin_kept``,
    ``own_account_kept``."""
    if actor.name == f"user:{user.pk}":
        raise RuleViolation("own_account_kept")
    _lock_staff(user)
    _keep_an_admin(user)
    if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        _record(user, "accounts.dismissed", actor=actor, now=now)


@transaction.atomic
def bring_back_staff(*, user: User, actor: Actor, now: datetime) -> None:
    """Open a closed account with the roles that it had."""
    if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        _record(user, "accounts.brought_back", actor=actor, now=now)


@transaction.atomic
def correct_staff(
    *, user: User, full_name: str, position: Text, actor: Actor, now: datetime
) -> None:
    """Write the name or the position otherwise; papers signed before keep what they say."""
    before = {"name": user.full_name, "position": user.position_ru}
    user.full_name = full_name
    user.position_kk, user.position_ru, user.position_en = position.kk, position.ru, position.en
    user.save(update_fields=["full_name", "position_kk", "position_ru", "position_en"])
    after = {"name": user.full_name, "position": user.position_ru}
    if before != after:
        _record(user, "accounts.corrected", actor=actor, now=now, before=before, after=after)


def _check_roles(roles: frozenset[Role]) -> None:
    if not roles:
        raise RuleViolation("roles_empty")
    if roles - PROVIDER_ROLES:
        raise RuleViolation("role_not_given")


def _lock_staff(user: User) -> None:
    """Two administrators who take the role from each other wait for one another."""
    if user.provider_id is not None:
        Provider.objects.select_for_update().get(pk=user.provider_id)


def _keep_an_admin(user: User) -> None:
    """Somebody must be able to let people in: active, with a password and a second factor."""
    if Role.PROVIDER_ADMIN not in _roles(user):
        return
    others = User.objects.filter(
        provider=user.provider, is_active=True, grants__role=Role.PROVIDER_ADMIN
    ).exclude(pk=user.pk)
    if not able(others).exists():
        raise RuleViolation("last_admin_kept")


def _roles(user: User) -> frozenset[Role]:
    """As they stand now, not as they were when the row was read."""
    names = RoleGrant.objects.filter(user=user).values_list("role", flat=True)
    return frozenset(Role(name) for name in names)


def _state(user: User) -> str:
    """A digest that changes with the password, so that a link serves once."""
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, f"{user.pk}:{user.password}".encode(), hashlib.sha256).hexdigest()[:32]


def _record(user: User, action: str, *, actor: Actor, now: datetime, **data: object) -> None:
    journal.record(subject=f"user:{user.pk}", action=action, actor=actor, now=now, data=data)


def _tell(user: User, event: str, *, actor: Actor, now: datetime, **params: str | Text) -> bool:
    """Write to the owner of an account what was done to it; False where nothing can be sent."""
    said = {"name": user.full_name, "by": _name_of(actor), **params}
    return tell_member(user=user, event=event, params=said, now=now)


def _name_of(actor: Actor) -> str | Text:
    number = actor.name.removeprefix("user:")
    found = User.objects.filter(pk=int(number)).first() if number.isdecimal() else None
    return found.full_name if found else ROLE_LABELS[Role.SYSTEM]


def _named(roles: Collection[Role]) -> Text:
    labels = [ROLE_LABELS[role] for role in sorted(roles)]
    return Text(*(", ".join(label.get(side) for label in labels) for side in LANGUAGES))
