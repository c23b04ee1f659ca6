"""The e-government bus: who is at the other end, what came in, what goes out, what was asked."""

from typing import ClassVar, Final
from uuid import uuid4

from django.db import models

from kualik.accounts.models import Person
from kualik.cases.models import Request
from kualik.providers.models import Provider
from kualik.rules.language import Text

# Kinds of the asynchronous channel, whose messages have their ids from one place.
PUSHED: Final = ("REQUEST", "UPDATE", "NOTIFICATION", "RESPONSE")


class Peer(models.Model):
    """The other end of a channel: the gateway itself, or a system that speaks to us through it.

    ``certificates`` are the pinned ones (base64 DER): a message signed by any other is refused.
    ``sender_ids`` are the senders whose messages are taken from it; ``sender_id`` is who we are
    there. ``algorithm`` is what we sign with. ``takes_pushes`` is whether it calls us; it is asked
    by ``getMessages`` all the same. Passwords are no part of a row: settings.GATEWAY_PASSWORD.
    """

    class Algorithm(models.TextChoices):
        RSA = "rsa"
        GOST2015 = "gost2015"

    code = models.CharField(max_length=16, unique=True)
    name = models.CharField(max_length=200)
    sync_url = models.CharField(max_length=200, blank=True)
    async_url = models.CharField(max_length=200, blank=True)
    sender_id = models.CharField(max_length=60, blank=True)
    sender_ids = models.JSONField(default=list)
    certificates = models.JSONField(default=list)
    algorithm = models.CharField(
        max_length=8, choices=Algorithm.choices, default=Algorithm.GOST2015
    )
    takes_pushes = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code

    @property
    def called(self) -> Text:
        """The name, which may be told in Kazakh and Russian divided by " / "."""
        kk, _, ru = self.name.partition(" / ")
        return Text(kk, ru or kk)


class Profile(models.Model):
    """How the inner documents of one service of the portal are read and written for a provider.

    ``family`` is one of ``data/profiles.toml``; ``mapping`` changes its rows: the namespace, where
    each field stands, the codes of the statuses. ``route_id`` tells providers apart that share a
    service ("" where it has one). Nothing is taken for a profile that is not active.
    """

    class Family(models.TextChoices):
        UNIVERSAL = "universal"
        DOCUMENT = "document"
        OPERATIONS = "operations"

    class ResultBy(models.TextChoices):
        """The signed document inside the message, or its address in the temporary file store."""

        INLINE = "inline"
        FILE_STORE = "file_store"

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="profiles")
    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="profiles")
    family = models.CharField(max_length=12, choices=Family.choices)
    service_id = models.CharField(max_length=120)
    route_id = models.CharField(max_length=60, blank=True)
    result_by = models.CharField(
        max_length=12, choices=ResultBy.choices, default=ResultBy.FILE_STORE
    )
    mapping = models.JSONField(default=dict)
    is_active = models.BooleanField(default=False)
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["peer", "service_id", "route_id"], name="one_profile_a_service"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.service_id}"


class Conversation(models.Model):
    """One question of the portal and everything said about it, under one correlation id.

    ``portal_number`` and ``chain_id`` are the portal's own. ``told`` is the version of the request
    that the portal knows; ``refusal`` is why none was filed: a code of the error table and its
    words in both languages, "code", "kk", "ru", and whose form it was, "iin_hash", where that could
    be read. ``answered_at`` is when the one RESPONSE was written, not when it arrived.
    """

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="conversations")
    profile = models.ForeignKey(Profile, on_delete=models.PROTECT, related_name="conversations")
    correlation_id = models.CharField(max_length=100)
    service_id = models.CharField(max_length=120)
    route_id = models.CharField(max_length=60, blank=True)
    portal_number = models.CharField(max_length=60, db_index=True)
    chain_id = models.CharField(max_length=60, blank=True)
    request = models.OneToOneField(
        Request, on_delete=models.PROTECT, null=True, related_name="conversation"
    )
    refusal = models.JSONField(null=True)
    told = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["peer", "correlation_id"], name="one_conversation_a_correlation"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.peer_id} {self.correlation_id}"


class Arrival(models.Model):
    """Bytes that somebody sent to one of our addresses, kept before they are read.

    ``outcome`` is "" until they are read, then "taken", "repeated" or the code of the fault that
    was answered, and ``reason`` its words by language. What was refused is forgotten after a while;
    what was taken is evidence. An answer that brought several messages is kept with the first of
    them; the others have its digest alone.
    """

    endpoint = models.CharField(max_length=12)
    raw = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    address = models.CharField(max_length=45)
    received_at = models.DateTimeField(db_index=True)
    outcome = models.CharField(max_length=40, blank=True)
    reason = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.endpoint} {self.pk} {self.outcome}"


class Inbound(models.Model):
    """A message whose signature was good, taken once by its peer and message id.

    Ids are given in three places, each for itself: by the gateway to messages of the asynchronous
    channel, whatever their kind, and to its notifications; by a sender to questions.
    ``data`` is the inner document as it came (XML text), ``answer`` what we answered, given again
    to whoever repeats the message. An asynchronous one is ``handled_at`` later by a job; ``fault``
    is why it could not be.
    """

    class Kind(models.TextChoices):
        SYNC = "sync"
        REQUEST = "REQUEST"
        UPDATE = "UPDATE"
        NOTIFICATION = "NOTIFICATION"
        RESPONSE = "RESPONSE"
        STATUS = "status"

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="inbound")
    arrival = models.OneToOneField(Arrival, on_delete=models.PROTECT, null=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    message_id = models.CharField(max_length=100)
    correlation_id = models.CharField(max_length=100, blank=True)
    service_id = models.CharField(max_length=120, blank=True)
    route_id = models.CharField(max_length=60, blank=True)
    sender_id = models.CharField(max_length=60, blank=True)
    session_id = models.CharField(max_length=60, blank=True)
    dated_at = models.DateTimeField()
    data = models.TextField(blank=True)
    answer = models.BinaryField(null=True)
    taken_at = models.DateTimeField(db_index=True)
    handled_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["peer", "kind", "message_id"], name="one_inbound"),
            models.UniqueConstraint(
                fields=["peer", "message_id"],
                condition=models.Q(kind__in=PUSHED),
                name="one_pushed_inbound",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["peer", "correlation_id"], name="inbound_of_conversation"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.message_id}"

    def same(self) -> models.QuerySet["Inbound"]:
        """The message that was taken under the same id, if any."""
        kinds = PUSHED if self.kind in PUSHED else (self.kind,)
        rows = Inbound.objects.filter(peer=self.peer, message_id=self.message_id)
        return rows.filter(kind__in=kinds)


class Outbound(models.Model):
    """A message of ours, written in the transaction of the act it tells of and sent later.

    Those of one conversation leave in the order of their primary keys, the next one when the one
    before is ``sent`` or ``failed``. A row that was tried and has no ``fault`` is in somebody's
    hands for the lease of a job. ``data`` is the inner document (signed where the service wants
    it), put into an envelope and signed anew at every try; ``key`` names the message for ever and
    travels as a property, so that the other side may know a second copy. ``message_id`` is the
    gateway's. ``raw`` is the last envelope that left, without our password, ``answer`` what came
    back. ``fresh_until`` is set where ``data`` names a file of the temporary store: after it the
    message is not sent, but its file left and its document written anew.
    """

    class Operation(models.TextChoices):
        SEND = "sendMessage"
        DELIVERY = "sendDeliveryNotification"

    class Kind(models.TextChoices):
        NONE = ""
        REQUEST = "REQUEST"
        UPDATE = "UPDATE"
        NOTIFICATION = "NOTIFICATION"
        RESPONSE = "RESPONSE"

    class State(models.TextChoices):
        """``failed``: the other side will never take it, and a person is told."""

        WAITING = "waiting"
        SENT = "sent"
        FAILED = "failed"

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="outbound")
    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, null=True, related_name="outbound"
    )
    key = models.UUIDField(unique=True, default=uuid4)
    operation = models.CharField(max_length=24, choices=Operation.choices)
    kind = models.CharField(max_length=12, choices=Kind.choices, blank=True)
    about = models.CharField(max_length=100, blank=True)
    data = models.TextField()
    shape = models.CharField(max_length=8, default="text")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    message_id = models.CharField(max_length=100, blank=True, db_index=True)
    raw = models.BinaryField(null=True)
    answer = models.BinaryField(null=True)
    fault = models.CharField(max_length=200, blank=True)
    fresh_until = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(kind="RESPONSE"),
                name="one_response_a_conversation",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["peer", "state", "id"], name="outbound_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.kind} {self.state}"


class Call(models.Model):
    """A question that we asked another system on the synchronous channel: that it was asked, for
    whom, on what ground, and how it ended. The answer itself is not kept; see ``Fact``."""

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="calls")
    service_id = models.CharField(max_length=120)
    message_id = models.CharField(max_length=100, unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    actor = models.CharField(max_length=120)
    about = models.CharField(max_length=80, blank=True)
    asked_at = models.DateTimeField(db_index=True)
    answered_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=80, blank=True)

    def __str__(self) -> str:
        return f"{self.service_id} {self.outcome}"


class Consent(models.Model):
    """A person's consent that one service gives us their data (КДП), and the token that shows it.

    ``access_name`` is the service it is for. ``basis``: "sms" (the person answered 1414) or "ovt"
    (their identity was checked here, ``check`` says how). Code and key are sealed and emptied at
    ``expires_at``.
    """

    class State(models.TextChoices):
        ASKED = "asked"
        GIVEN = "given"
        DENIED = "denied"
        EXPIRED = "expired"

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="register_consents")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    access_name = models.CharField(max_length=120)
    basis = models.CharField(max_length=4)
    check_kind = models.CharField(max_length=8, blank=True)
    purpose = models.CharField(max_length=80)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    asked_by = models.CharField(max_length=120)
    asked_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(db_index=True)
    code_sealed = models.BinaryField(default=b"")
    key_sealed = models.BinaryField(default=b"")

    def __str__(self) -> str:
        return f"{self.access_name} {self.state}"


class Fact(models.Model):
    """The least that a register said of a person: what, from where, when, by which consent."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="register_facts")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, null=True, related_name="facts")
    name = models.CharField(max_length=40)
    value = models.CharField(max_length=300)
    source = models.CharField(max_length=120)
    about = models.CharField(max_length=80, blank=True)
    learned_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person", "name"], name="facts_of_person")]

    def __str__(self) -> str:
        return f"{self.name} {self.source}"
