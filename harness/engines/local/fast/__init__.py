"""The usual kinds of model with torch alone, bit for bit as transformers and PEFT compute them.

Some modules import torch at their top: import them while a model is loaded, never at a start.
"""
