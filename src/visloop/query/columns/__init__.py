"""Columns of values: in memory, as bytes, and what is asked of them."""
