"""Dates, times and numbers as each language of the interface writes them."""
