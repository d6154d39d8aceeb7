"""The record of what was answered: numbered, logged behind the answer, read back."""
