"""Errors of operators and of coarse solves, the least errors that they can have, and how far schemes are apart."""
