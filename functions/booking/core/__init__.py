"""Booking core.

availability: status of event types, sold out or only held, sales counters, AvailabilityChanged
capacity: capacity changes by the organiser
erasure: GDPR erasure of a buyer's text
errors: the service's errors (RFC 9457 problems)
event_cancellation: cancels all bookings of a cancelled event in batches
event_copy: booking's copy of published events and their sale terms
export: GDPR export of a user's bookings
holds: place, extend and confirm a hold; reacquire places for a late payment, or reject it
inventory: conditional inventory and purchase-limit writes, and why one failed
model: the booking entity and its ticket usage
read_models: availability, sales and cancellation views; pages of bookings
release: every way in which a hold or a booking ends
repository: bookings in DynamoDB
sale_terms: what may be ordered, when, at which price, and what is refundable
schemas: HTTP requests and responses
ticket_usage: check-ins and transfers of a booking's tickets
"""
