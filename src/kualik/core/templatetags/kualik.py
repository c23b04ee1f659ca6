"""What templates need to speak the visitor's language."""

from datetime import date, datetime

from django import template
from django.utils.translation import get_language

from kualik.core.clock import ZONE
from kualik.rules import clock_steps
from kualik.rules.language import Text
from kualik.rules.lifecycle import EVENT_LABELS, STATE_LABELS, Event, State

register = template.Library()


@register.filter
def spoken(text: Text) -> str:
    """A ``Text`` in the language of the page."""
    return text.get(get_language() or "kk")


@register.filter
def day(value: date | None) -> str:
    """A date as tables show it: 23.11.2026."""
    if value is None:
        return ""
    local = value.astimezone(ZONE).date() if isinstance(value, datetime) else value
    return f"{local:%d.%m.%Y}"


@register.filter
def minute(value: datetime | None) -> str:
    """A moment as tables show it, in Kazakhstan's time: 23.11.2026 08:30."""
    return f"{value.astimezone(ZONE):%d.%m.%Y %H:%M}" if value else ""


@register.filter
def moment(value: datetime | None) -> str:
    """A moment in words, with the weekday, in Kazakhstan's time."""
    if value is None:
        return ""
    return clock_steps.moment_text(value.astimezone(ZONE)).get(get_language() or "kk")


@register.filter
def state_label(state: str) -> str:
    """The name of a request's state."""
    return STATE_LABELS[State(state)].get(get_language() or "kk")


@register.filter
def event_label(event: str) -> str:
    """The name of an event in a request's life."""
    return EVENT_LABELS[Event(event)].get(get_language() or "kk")


@register.filter
def code_groups(code: str) -> str:
    """A check code in groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
