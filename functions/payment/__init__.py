"""Payments: checkouts at the provider, webhooks, refunds and receipts."""
