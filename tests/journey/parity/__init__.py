"""Every recipe's model asked in every way there is, over a hundred real pictures."""
