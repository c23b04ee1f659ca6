"""What templates need to speak the visitor's language."""

from datetime import date, datetime

from django import template

from kualik.core.clock import ZONE
from kualik.core.language import spoken
from kualik.rules import clock_steps, identifiers
from kualik.rules.lifecycle import EVENT_LABELS, STATE_LABELS, Event, State

register = template.Library()
register.filter(spoken)


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
    return spoken(clock_steps.moment_text(value.astimezone(ZONE)))


@register.filter
def state_label(state: str) -> str:
    """The name of a request's state."""
    return spoken(STATE_LABELS[State(state)])


@register.filter
def event_label(event: str) -> str:
    """The name of an event in a request's life."""
    return spoken(EVENT_LABELS[Event(event)])


@register.filter
def serial(number: str) -> str:
    """The serial number of a certificate."""
    return identifiers.format_serial(number)


@register.filter
def code_groups(code: str) -> str:
    """A check code in groups of four."""
    return identifiers.format_code(code)
