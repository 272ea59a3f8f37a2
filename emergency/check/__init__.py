"""The proving part of the plan checker: what a plan can come to, said before it has to be run."""
