"""Looking after training data: check, clean, compare."""
