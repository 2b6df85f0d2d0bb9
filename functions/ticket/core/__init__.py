"""Tickets of confirmed bookings.

access: which events and tickets the caller may see or change
attendees: list of an event's tickets, as pages and as CSV
check_in: admit a ticket by code, once; undo
door_counters: sharded ticket counts and revoked serials per event
door_manifest: what a door needs to check tickets offline
erasure: removes personal data from an erased user's tickets
errors: errors of this service
event_copy: local copy of published events
export: a user's tickets for their data export
issuance: issue, reject and void the tickets of a booking
model: tickets of a booking, their states and what they allow
rendering: QR code, PDF, iCalendar and email content
repository: ticket, issuance and scan items, and the conditions of their writes
schemas: request and response models
signature: signed QR payload and opaque code, one signing key per event
ticket_admin: reissue, void and edit single tickets
transfers: offer, accept and cancel the transfer of a ticket
"""
