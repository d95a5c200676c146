"""Record what people decide: promote, reject, roll back, pin; and prove it."""
