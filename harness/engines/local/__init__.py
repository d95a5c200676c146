"""A causal language model in this process: loaded, adapters mounted on it, written and weighed."""
