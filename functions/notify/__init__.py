"""Notify: contacts, notifications and e-mail."""
