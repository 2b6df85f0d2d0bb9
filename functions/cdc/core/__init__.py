"""How an item's outbox becomes bus entries."""
