"""The signing keys of the authorised persons and the log of who used them."""

from typing import ClassVar, NoReturn

from django.db import models

from kualik.accounts.models import User
from kualik.core.models import AppendOnly
from kualik.providers.models import Provider


class SigningKey(models.Model):
    """The key with which a provider's information system seals its documents.

    The private key never enters the database: ``store`` names a PKCS#12 file under
    ``settings.KEYS_ROOT`` or, as a ``pkcs11:`` address (RFC 7512), a key in a token. ``serial`` is
    the certificate's serial number in lower-case hex. Without a ``provider`` it is the key of the
    operator of the installation.
    """

    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, null=True, related_name="signing_keys"
    )
    label = models.CharField(max_length=200)
    store = models.CharField(max_length=255, unique=True)
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


class Challenge(models.Model):
    """A text to be signed once, to prove who is at the browser.

    ``text`` is signed byte for byte; ``session`` is the SHA-256 of the browser session's own
    secret, so that nobody else can use the answer. ``used_at`` burns it at the first try.
    """

    class Purpose(models.TextChoices):
        APPLICANT = "applicant"
        STAFF = "staff"

    token = models.CharField(max_length=64, unique=True)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    text = models.CharField(max_length=600)
    session = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.purpose} {self.token[:8]}"


class PhoneSigning(models.Model):
    """Documents offered to a phone by a QR code (eGov Mobile), and what came back.

    ``token`` stands in the address of the code, ``auth_hash`` is the SHA-256 of the secret that
    the phone shows for the documents. ``card`` is who asks and what for, as the phone shows it,
    ``documents`` the JSON of the protocol, ``signatures`` base64 in the order of the documents;
    ``about`` is what the page that asked needs to go on. ``purpose`` is the one that the
    signatures are judged for, ``fault`` the code of the last refusal. A row is forgotten after
    its end together with what it carried.
    """

    class State(models.TextChoices):
        OFFERED = "offered"
        FETCHED = "fetched"
        SIGNED = "signed"
        CANCELLED = "cancelled"
        USED = "used"

    token = models.CharField(max_length=64, unique=True)
    auth_hash = models.CharField(max_length=64)
    session = models.CharField(max_length=64)
    method = models.CharField(max_length=16)
    purpose = models.CharField(max_length=8)
    card = models.JSONField()
    about = models.JSONField(default=dict)
    documents = models.JSONField()
    signatures = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OFFERED)
    fault = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.state} {self.token[:8]}"
