"""Search by Optuna: its samplers, pruners, importance and storage."""
