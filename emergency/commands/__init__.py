"""The commands that have rooms of their own; `cli.py` puts them together."""
