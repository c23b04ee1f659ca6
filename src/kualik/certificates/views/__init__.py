"""The open check and the register."""

from kualik.certificates.views.public import by_code, by_code_data, check
from kualik.certificates.views.register import certificate, change, export, file, register

__all__ = [
    "by_code",
    "by_code_data",
    "certificate",
    "change",
    "check",
    "export",
    "file",
    "register",
]
