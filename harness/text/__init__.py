"""Words on their way out: made safe for the outlet, masked, formatted, compared. Pure."""
