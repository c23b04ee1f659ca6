"""The fields of the other end of a channel."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kualik.gateway.models import Peer
from kualik.gateway.services.tending import PeerFacts

ALGORITHMS = [
    (Peer.Algorithm.GOST2015, _("GOST 34.10-2015")),
    (Peer.Algorithm.RSA, "RSA"),
]
BREAK = "\n\n"


class PeerForm(forms.Form):
    """Addresses, senders and certificates; secrets are no part of it."""

    use_required_attribute = False
    code = forms.RegexField(r"^[A-Z][A-Z0-9_-]{1,15}$", label=_("Code"), max_length=16)
    name = forms.CharField(
        label=_("Name of the channel"),
        help_text=_("In Kazakh and in Russian, with “ / ” between them."),
        max_length=200,
    )
    sync_url = forms.URLField(
        label=_("Address of the synchronous channel"), required=False, assume_scheme="https"
    )
    async_url = forms.URLField(
        label=_("Address of the asynchronous channel"), required=False, assume_scheme="https"
    )
    sender_id = forms.CharField(label=_("Who we are there (senderId)"), max_length=60)
    sender_ids = forms.CharField(
        label=_("Senders whose messages are taken"),
        help_text=_("Divided by commas."),
        max_length=500,
    )
    certificates = forms.CharField(
        label=_("Certificates of their signature"),
        help_text=_("PEM or base64, an empty line between two. No other signature is taken."),
        widget=forms.Textarea({"rows": 8, "spellcheck": "false", "autocomplete": "off"}),
        max_length=60_000,
    )
    algorithm = forms.ChoiceField(
        label=_("What we sign with"), choices=ALGORITHMS, widget=forms.RadioSelect
    )
    takes_pushes = forms.BooleanField(label=_("They call us"), required=False)
    is_active = forms.BooleanField(label=_("The channel is in use"), required=False)

    @classmethod
    def shown(cls, peer: Peer) -> dict[str, Any]:
        """What is known of it."""
        return {
            "code": peer.code,
            "name": peer.name,
            "sync_url": peer.sync_url,
            "async_url": peer.async_url,
            "sender_id": peer.sender_id,
            "sender_ids": ", ".join(peer.sender_ids),
            "certificates": BREAK.join(peer.certificates),
            "algorithm": peer.algorithm,
            "takes_pushes": peer.takes_pushes,
            "is_active": peer.is_active,
        }

    def facts(self) -> PeerFacts:
        """What was typed."""
        said = self.cleaned_data
        senders = [part.strip() for part in said["sender_ids"].split(",")]
        parts = said["certificates"].replace("\r\n", "\n").split(BREAK)
        return PeerFacts(
            name=said["name"],
            sync_url=said["sync_url"],
            async_url=said["async_url"],
            sender_id=said["sender_id"],
            sender_ids=[sender for sender in senders if sender],
            certificates=[part for part in parts if part.strip()],
            algorithm=said["algorithm"],
            takes_pushes=said["takes_pushes"],
            is_active=said["is_active"],
        )
