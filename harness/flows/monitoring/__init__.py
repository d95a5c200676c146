"""Is it time to retrain, and what is to be done then."""
