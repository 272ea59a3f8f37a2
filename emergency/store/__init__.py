"""What is written down: log, outbox and timers in one transaction, and the roster beside them."""
