"""Reports and gates: what belongs beside them, and what must be true before a promotion."""
