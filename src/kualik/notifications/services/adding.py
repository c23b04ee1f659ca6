"""A provider's own words in the letters of an event; the text of the event itself stays.

The texts are data and equal for all providers, since they tell of rights and terms. What a provider
has to add, such as the room or who answers the phone, stands before the end of the letter.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from django.db import transaction

from kualik.core import journal
from kualik.core.journal import Actor
from kualik.notifications.models import OwnWords
from kualik.notifications.services.wording import Channel, Event, events
from kualik.providers.models import Provider
from kualik.rules.errors import RuleViolation
from kualik.rules.identifiers import holds_iin
from kualik.rules.language import LANGUAGES, Text

LONGEST: Final = 300
# Of these no provider speaks.
OF_NOBODY: Final = frozenset({"phone_added", "phone_moved"})


def takes_words(event: Event) -> bool:
    """Whether a provider may add words: an event that applicants hear of, without a secret."""
    is_applicants = {Channel.SMS, Channel.EMAIL} <= set(event.texts)
    return is_applicants and not event.secret and event.name not in OF_NOBODY


def words_of(provider: Provider) -> dict[str, Text]:
    """What a provider added, by event."""
    rows = OwnWords.objects.filter(provider=provider)
    return {row.event: Text(row.kk, row.ru, row.en) for row in rows}


def words_among(told: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Text]:
    """What was added, by code of the provider and event, for some of them at once."""
    scopes, names = {scope for scope, _ in told if scope}, {name for _, name in told}
    if not scopes:
        return {}
    rows = OwnWords.objects.filter(provider__code__in=scopes, event__in=names)
    found = rows.values_list("provider__code", "event", *LANGUAGES)
    return {(scope, name): Text(*words) for scope, name, *words in found}


@transaction.atomic
def set_words(*, provider: Provider, event: str, words: Text, actor: Actor, now: datetime) -> None:
    """From now on the letters of an event say this too; three empty texts take it back.

    Raises ``own_words_unfit`` for an event that takes none, ``own_words_partly`` where a language
    is missing, ``own_words_long`` (limit), ``own_words_braces``, ``own_words_iin``.
    """
    known = events().get(event)
    if known is None or not takes_words(known):
        raise RuleViolation("own_words_unfit")
    texts = {language: getattr(words, language).strip() for language in LANGUAGES}
    _check(list(texts.values()))
    rows = OwnWords.objects.filter(provider=provider, event=event)
    if any(texts.values()):
        OwnWords.objects.update_or_create(provider=provider, event=event, defaults=texts)
    elif not rows.delete()[0]:
        return
    journal.record(
        subject=f"provider:{provider.pk}",
        action="notice_words_set",
        actor=actor,
        now=now,
        data={"event": event, "words": texts},
    )


def _check(texts: list[str]) -> None:
    if any(texts) and not all(texts):
        raise RuleViolation("own_words_partly")
    if max(map(len, texts)) > LONGEST:
        raise RuleViolation("own_words_long", limit=LONGEST)
    if any(sign in text for text in texts for sign in "{}"):
        raise RuleViolation("own_words_braces")
    if any(map(holds_iin, texts)):
        raise RuleViolation("own_words_iin")
