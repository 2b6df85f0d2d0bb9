"""Reconcile core.

completion_checks: no transient or overdue states; cancelled events are completed
evaluation: violations of one subject, and whether it changed recently
event_replay: bus events that an item has published, rebuilt from its history
event_subject: an event with its inventory and booking totals
history_checks: logs follow the state machines; outboxes are consistent
inventory_checks: places, limits and sales counters
invariants: the list of all checks with their scopes
loader: bookings with their payments, tickets and notifications
notification_checks: one notification per change
payment_checks: prices, captures and refunds
refund_history: which refund a step of a payment's log concerns
repair: republish events, sync payments, report what stays violated
run_state: counts and call budget of one run
snapshot: the checks' input and helpers
sweep: batches and checkpoint of a sweep over all bookings
ticket_checks: tickets, scans, door counters and ticket usage
"""
