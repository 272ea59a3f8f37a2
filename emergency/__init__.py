"""Runs emergency plans: decide, write down, send, listen."""

VERSION = "0.4.0"
