"""The signing keys of the authorised persons and the log of who used them."""

from typing import ClassVar, NoReturn

from django.db import models

from kualik.accounts.models import User
from kualik.core.models import AppendOnly
from kualik.providers.models import Provider


class SigningKey(models.Model):
    """The key with which the provider's authorised person signs (A57.10-2).

    The private key never enters the database: ``store`` names a PKCS#12 file under
    ``settings.KEYS_ROOT``. ``serial`` is the certificate's serial number in lower-case hex.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="signing_keys")
    holder = models.ForeignKey(User, on_delete=models.PROTECT, related_name="signing_keys")
    label = models.CharField(max_length=200)
    store = models.CharField(max_length=120, unique=True)
    certificate_pem = models.TextField()
    serial = models.CharField(max_length=40, unique=True)
    subject = models.CharField(max_length=1000)
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    is_test = models.BooleanField(default=False)
    disabled_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.label} {self.serial[:16]}"


class KeyUse(models.Model):
    """One signature made with a key: who asked for it, when, over which file.

    ``document_sha256`` is the lower-case hex digest of the finished, signed file; the same file
    made again by a repeated job is the same use.
    """

    key = models.ForeignKey(SigningKey, on_delete=models.PROTECT, related_name="uses")
    used_at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    purpose = models.CharField(max_length=64)
    document_sha256 = models.CharField(max_length=64)

    objects: ClassVar = AppendOnly["KeyUse"].as_manager()

    class Meta:
        base_manager_name = "objects"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "document_sha256"], name="one_use_a_document"),
        ]
        indexes: ClassVar = [models.Index(fields=["key", "used_at"], name="key_use_by_time")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.document_sha256[:16]}"

    def delete(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise TypeError("the log of key uses is append-only")
