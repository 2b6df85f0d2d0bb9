"""The logic of the notify service.

broadcasts: notify all ticket holders of an event, in batches
contacts: copies of users' addresses, names and settings
email_rendering: render a notification as an e-mail
erasure: delete the contact of an erased user
errors: domain errors
event_announcements: announce changes of an event and send reminders
event_copy: copies of events, and the event of each booking
export: a user's data, for the data export
model: notifications, their kinds, delivery rules and contacts
money: ISO 4217 currency decimals
notification_mapping: bus events to notifications
repository: reads and conditional writes of notifications
schemas: request and response bodies
service: create, send and resend notifications
templates: e-mail texts, one module per language (en, de); auth has those of account e-mails
ticket_holders: who holds valid tickets for an event
"""
