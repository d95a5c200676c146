"""The usual kinds of model with torch alone, bit for bit as transformers and PEFT compute them."""
