"""Reports on models, and gates as pure functions over their answers."""
