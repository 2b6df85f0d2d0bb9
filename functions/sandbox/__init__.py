"""A payment provider to practise with: Stripe's wire contract, a hosted page, no money."""
