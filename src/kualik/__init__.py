"""Kualik: documents on completed additional education of healthcare staff."""
