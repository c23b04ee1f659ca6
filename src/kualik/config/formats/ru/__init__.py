"""Formats of one language; Django reads the module beside this."""
