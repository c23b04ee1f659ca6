"""Incidents from the first failed try to the signed protocol."""
