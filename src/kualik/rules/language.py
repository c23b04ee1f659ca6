"""A text in the languages of the service: Kazakh first, Russian, English."""

from dataclasses import dataclass

LANGUAGES = ("kk", "ru", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """The same statement in Kazakh, Russian and, where it exists, English."""

    kk: str
    ru: str
    en: str = ""

    def get(self, language: str) -> str:
        """The text in ``language``; Kazakh where that language was not written."""
        found = {"kk": self.kk, "ru": self.ru, "en": self.en}.get(language, "")
        return found or self.kk
