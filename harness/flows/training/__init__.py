"""Check, clean and compare training data, and train adapters on it."""
