"""Holding places: bookings, and the stock they take from."""
