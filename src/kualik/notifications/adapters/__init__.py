"""Carriers of messages: SMTP, SMPP 3.4 and the HTTP interfaces of Kazakh SMS services."""
