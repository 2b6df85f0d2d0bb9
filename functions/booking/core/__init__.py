"""What booking is: its states, its stock, its use cases."""
