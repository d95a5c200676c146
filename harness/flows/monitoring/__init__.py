"""The retraining alarm of promoted adapters, and the plan for the next training set."""
