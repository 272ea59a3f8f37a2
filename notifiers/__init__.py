"""Providers: one file or folder each. They know `emergency/notify.py` and `emergency/errors.py`, nothing else."""
