"""Tickets: made for confirmed bookings, shown to their owners, admitted once at the door."""
