"""Find and convert the weights of a base or an embedder."""
