"""Text on its way out: made safe for its outlet, masked, formatted, compared. Pure."""
