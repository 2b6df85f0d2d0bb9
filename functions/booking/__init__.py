"""Booking service: bookings, and the inventory they reserve."""
