"""From one model to another without a lost request: canaries, shadows, rolling, going back."""
