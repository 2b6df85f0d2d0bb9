"""Payments, without a word about Lambda."""
