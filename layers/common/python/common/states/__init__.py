"""State machines of stored items, one module per service; services share them with readers of histories."""
