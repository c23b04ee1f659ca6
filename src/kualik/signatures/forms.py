"""The fields of the open check of signatures."""

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from kualik.core import errors
from kualik.rules.errors import RuleViolation

# Errors that the second field can put right.
ABOUT_THE_DOCUMENT = frozenset({"document_needed", "document_too_large"})


class InspectForm(forms.Form):
    """A file with a signature and, where they are apart, its document; neither is kept."""

    file = forms.FileField(
        label=_("File with the signature"),
        help_text=_(
            "A signed PDF, a signed XML, or a signature file (often .cms, .p7s or .sig). "
            "Up to 20 megabytes."
        ),
        allow_empty_file=True,
        error_messages={"required": _("Choose a file.")},
    )
    document = forms.FileField(
        label=_("The signed document"),
        help_text=_(
            "Only if the signature is a file of its own: the very document that was signed."
        ),
        allow_empty_file=True,
        required=False,
    )

    def refuse(self, violation: RuleViolation, field: str = "") -> None:
        """Say at the field that can put it right why there is no answer."""
        named = field or ("document" if violation.code in ABOUT_THE_DOCUMENT else "file")
        self.errors.pop(named, None)
        self.add_error(named, errors.message(violation))

    def content(self, name: str) -> bytes | None:
        """The bytes of a field, None where no file was chosen."""
        given = self.cleaned_data.get(name)
        return given.read() if isinstance(given, UploadedFile) else None
