"""The stacks: data, edge, and one per service."""
