"""Record people's decisions: promote, reject, roll back, pin; and prove them to others."""
