"""From reviews and repeated runs to a retraining alarm. Pure: no disk, no clock, no model."""
