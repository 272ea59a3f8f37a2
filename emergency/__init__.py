"""Runs emergency plans: decide, write down, send, listen."""
