"""The payment provider: the port, its Stripe adapter, and the registry that selects one."""
