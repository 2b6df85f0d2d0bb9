"""Payments, independent of Lambda.

model: the payment, its checkout and refunds, captured payments, and the states
checkout: start a payment; its hosted checkout pages and Idempotency-Keys
webhook: verify the provider's events and apply each once
settlement: record captured money; a late payment is decided by booking (`booking.core.holds`)
refunds: request, send and settle refunds; refund a wrong amount or a second payment
lifecycle: open, extend, and close at the deadline or when the booking ends
provider_sync: ask the provider for what no webhook reported
providers.port: what a payment provider must offer
providers.registry: which provider is in use
providers.stripe: the adapter to Stripe
repository: read and write payments in their table
event_copy: the copy of published events
access: who may see a payment, and who may manage it
receipt: the receipt of a payment
schemas: HTTP requests and responses
errors: the problems that payment returns
erasure: what a user's erasure redacts
export: a user's payments for their data export
"""
