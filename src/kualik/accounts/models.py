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
    from ``iin_sealed`` (AES-256-GCM); it never stands in clear in the database.
    """

    iin_hash = models.CharField(max_length=64, unique=True)
    iin_sealed = models.BinaryField(max_length=64)
    family_name = models.CharField(max_length=100)
    given_name = models.CharField(max_length=100)
    patronymic = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"person {self.pk}"

    @property
    def full_name(self) -> str:
        """Surname, given name and, if any, patronymic."""
        return " ".join(
            part for part in (self.family_name, self.given_name, self.patronymic) if part
        )
