"""What services ask of each other: one module per callee, its request and answer typed."""
