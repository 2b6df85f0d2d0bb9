"""The money: payments, what the provider says of them, and what goes back."""
