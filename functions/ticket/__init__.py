"""Tickets: issued for confirmed bookings, transferable, checked in once."""
