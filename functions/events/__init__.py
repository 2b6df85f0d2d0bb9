"""What is on: categories, events, their types and their people."""
