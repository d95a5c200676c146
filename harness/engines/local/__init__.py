"""A causal language model in this process: loaded, adapted, generating and weighing."""
