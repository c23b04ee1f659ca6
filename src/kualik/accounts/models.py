"""Staff with their roles, and the persons who learn."""

from functools import cached_property
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models

from kualik.core.journal import Actor
from kualik.providers.models import Provider
from kualik.rules.lifecycle import Role


class User(AbstractBaseUser):
    """A member of staff; of one provider, or of the platform when ``provider`` is empty.

    ``iin_hash`` is the keyed hash by which an electronic signature finds its owner.
    """

    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=150)
    position_kk = models.CharField(max_length=150, blank=True)
    position_ru = models.CharField(max_length=150, blank=True)
    position_en = models.CharField(max_length=150, blank=True)
    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, null=True, blank=True, related_name="staff"
    )
    iin_hash = models.CharField(max_length=64, blank=True)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField()

    objects: ClassVar = BaseUserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = ["full_name"]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider", "iin_hash"],
                condition=~models.Q(iin_hash=""),
                name="one_account_a_person_and_provider",
            ),
        ]

    def __str__(self) -> str:
        return self.full_name

    @cached_property
    def roles(self) -> frozenset[Role]:
        """The roles granted at the moment of the first look."""
        return frozenset(Role(name) for name in self.grants.values_list("role", flat=True))

    def has_role(self, roles: frozenset[Role]) -> bool:
        return bool(self.roles & roles)

    def acting_as(self, role: Role) -> Actor:
        """This person as the journal names them."""
        return Actor(name=f"user:{self.pk}", role=role.value)


class RoleGrant(models.Model):
    """A role given to a member of staff."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=24, choices=[(role.value, role.value) for role in Role])
    granted_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "role"], name="one_grant_a_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"


class Person(models.Model):
    """Somebody who learned, known by IIN.

    The IIN is looked up by ``iin_hash`` (HMAC-SHA-256 with the installation's key) and shown
    from ``iin_sealed`` (AES-256-GCM); it never stands in clear in the database. ``language`` and
    ``email`` are the person's own choice for notices; empty: those of the request.
    """

    iin_hash = models.CharField(max_length=64, unique=True)
    iin_sealed = models.BinaryField(max_length=64)
    family_name = models.CharField(max_length=100)
    given_name = models.CharField(max_length=100)
    patronymic = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=2, blank=True)
    email = models.EmailField(blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"person {self.pk}"

    @property
    def full_name(self) -> str:
        """Surname, given name and, if any, patronymic."""
        return " ".join(
            part for part in (self.family_name, self.given_name, self.patronymic) if part
        )


class PersonPhone(models.Model):
    """A mobile number confirmed for a person (A303.10.a), E.164.

    ``how`` is "registry", "idp", "eds" or "counter"; ``evidence`` says by what (a serial number, a
    member of staff, a kind of document). A number that merely stood in a list is never here.
    """

    class How(models.TextChoices):
        REGISTRY = "registry"
        IDP = "idp"
        EDS = "eds"
        COUNTER = "counter"

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="phones")
    phone = models.CharField(max_length=16)
    how = models.CharField(max_length=8, choices=How.choices)
    evidence = models.JSONField(default=dict)
    confirmed_at = models.DateTimeField()
    confirmed_by = models.CharField(max_length=120)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["phone"],
                condition=models.Q(ended_at=None),
                name="one_person_a_phone",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["person", "ended_at"], name="phones_of_person")]

    def __str__(self) -> str:
        return f"{self.how} {self.phone[-4:]}"


class OneTimeCode(models.Model):
    """A code of six digits sent to a phone: five minutes, five tries, one use.

    ``about`` is what alone it serves for, e.g. the number of the request whose document is handed
    over; empty where the purpose says all. ``code_hash`` is a keyed hash; ``person`` is empty where
    no code was sent, so that the page is the same for an IIN nobody has. ``session`` is the SHA-256
    of the browser session's secret.
    """

    class Purpose(models.TextChoices):
        ENTER = "enter"
        CONFIRM_PHONE = "phone"
        CONFIRM_REQUEST = "request"
        HAND_OVER = "handover"

    token = models.CharField(max_length=64, unique=True)
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, related_name="+")
    phone = models.CharField(max_length=16)
    about = models.CharField(max_length=40, blank=True)
    code_hash = models.CharField(max_length=64)
    session = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.purpose} {self.token[:8]}"


class ApiToken(models.Model):
    """A key by which another system speaks to ours for an organisation.

    ``hash`` is the SHA-256 of the token (43 random characters need no slow hash), ``hint`` its last
    four characters. Without a ``provider`` it opens no organisation's data. A token is renewed by a
    second one beside it: both work until ``ends_at`` of the old one.
    """

    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, null=True, related_name="api_tokens"
    )
    name = models.CharField(max_length=100)
    scopes = models.JSONField(default=list)
    hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=4)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=120)
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} …{self.hint}"


class ApiAnswer(models.Model):
    """What a command of another system was answered, given again when its key comes again.

    ``digest`` is the SHA-256 of the body, so that one key never means two commands.
    """

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="answers")
    key = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    answered_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["token", "key"], name="one_answer_a_key"),
        ]

    def __str__(self) -> str:
        return f"{self.token_id} {self.status}"


class Consent(models.Model):
    """A person's consent to the processing of personal data: which text, when, how given.

    ``version`` and ``sha256`` name the text as it was shown in ``language``; ``way`` and ``level``
    are those of the entry.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="consents")
    version = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=2)
    sha256 = models.CharField(max_length=64)
    way = models.CharField(max_length=24)
    level = models.CharField(max_length=8)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person", "version"],
                condition=models.Q(withdrawn_at=None),
                name="one_consent_a_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.version}"


class Absence(models.Model):
    """Days on which a member of staff is away, the first and the last of them included.

    ``entered_by`` is the journal's name of who wrote it down.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="absences")
    from_day = models.DateField()
    to_day = models.DateField()
    entered_by = models.CharField(max_length=120)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(to_day__gte=models.F("from_day")),
                name="absence_ends_not_before_it_begins",
            ),
            models.UniqueConstraint(
                fields=["user", "from_day", "to_day"], name="one_absence_for_the_same_days"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.from_day} – {self.to_day}"
