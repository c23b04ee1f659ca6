"""Phone numbers as people and carriers write them, and as we keep them."""

import re

_NOISE = re.compile(r"[\s()\-.]")
_KAZAKH = re.compile(r"\+7\d{10}")
_LONG = re.compile(r"\+[1-9]\d{9,14}")


def e164(text: str) -> str:
    """A number with its country, ``+77011234567``; a Kazakh one may begin with 8, 7 or nothing.

    Empty when it is no number of a phone (a short number, a name).
    """
    number = _NOISE.sub("", text)
    digits = number.removeprefix("+").removeprefix("00")
    if not digits.isdecimal() or not digits.isascii():
        return ""
    if len(digits) == 11 and digits[0] == "8" and not number.startswith("+"):
        digits = f"7{digits[1:]}"
    if len(digits) == 10:
        digits = f"7{digits}"
    found = f"+{digits}"
    return found if _LONG.fullmatch(found) else ""


def spaced(phone: str) -> str:
    """A number as people read it, ``+7 701 123 45 67``; one of another country as it stands."""
    if not _KAZAKH.fullmatch(phone):
        return phone
    parts = (phone[:2], phone[2:5], phone[5:8], phone[8:10], phone[10:])
    return " ".join(parts)


def masked(phone: str) -> str:
    """A number that may stand in a log: its country and the last two digits."""
    return f"{phone[:2]}…{phone[-2:]}" if len(phone) > 6 else "…"
