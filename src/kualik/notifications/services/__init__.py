"""Sending, receiving and the wording of messages."""
