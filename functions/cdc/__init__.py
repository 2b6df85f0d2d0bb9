"""Change data capture: publishes the outbox of the tables' streams to the bus."""
