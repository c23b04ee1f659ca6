"""Keeping an IIN, and the outside parties that know a person's phone or identity."""

from kualik.accounts.adapters.iin import iin_hash, open_iin, seal_iin

__all__ = ["iin_hash", "open_iin", "seal_iin"]
