"""The flows: where the pure rooms and the rooms of the world meet."""
