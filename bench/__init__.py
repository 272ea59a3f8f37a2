"""`make bench`: every figure beside its floor, both measured in the same run on the same machine."""
