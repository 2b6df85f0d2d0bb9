"""What every function shares: the edges, the contracts and the mechanisms. No service's logic."""
