"""A sandbox payment provider: Stripe's HTTP API and webhooks, a hosted page, no money."""
