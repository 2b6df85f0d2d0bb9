"""Sessions, refunds and the hosted page, without a word about Lambda."""
