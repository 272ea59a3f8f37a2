"""A sample installation: the mall Star Plaza, its organisation and its roster."""
