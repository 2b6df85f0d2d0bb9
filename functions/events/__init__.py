"""Events: categories, events, event types and search."""
