"""The language itself: tokens, grammar, what it makes of a question."""
