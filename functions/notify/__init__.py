"""Notifications: people are told by mail what became of their bookings."""
