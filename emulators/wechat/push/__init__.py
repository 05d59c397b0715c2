"""Pushes to an account's server: what is in them, how they are sent, what may come back."""
