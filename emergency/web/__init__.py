"""HTTP in, command out: provider hooks, health, and the API. Nothing is decided here."""
