"""People who are played: the figures they behave by, what draws from them, and what logs teach about them."""
