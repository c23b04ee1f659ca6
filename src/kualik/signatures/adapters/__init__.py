"""The outside world of signatures: key files, a test authority, the bytes of a signed PDF."""
