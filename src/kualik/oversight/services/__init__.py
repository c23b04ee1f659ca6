"""Packs, reports and the nightly look at what does not add up."""
