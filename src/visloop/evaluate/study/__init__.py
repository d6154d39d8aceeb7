"""Beyond the figures: where a model fails, how, and on which pictures."""
