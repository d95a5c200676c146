"""The rule of version 1.1.0: cases, then what people sent, then reserve cases."""
