"""People's own words on paper: what the font of the papers has no sign for is left out."""

import unicodedata

from kualik.papers.queries import unprinted

LEFT_OUT = "…"


def printed(text: str) -> str:
    """The text line by line as a paper can show it: no control or direction signs, and an ellipsis
    for a sign, such as a picture, that the font has not."""
    composed = unicodedata.normalize("NFC", text)
    missing = unprinted(composed)
    signs = str.maketrans({sign: _instead(sign) for sign in missing})
    return "\n".join(" ".join(line.translate(signs).split()) for line in composed.splitlines())


def _instead(sign: str) -> str:
    return "" if unicodedata.category(sign)[0] in "CM" else LEFT_OUT
