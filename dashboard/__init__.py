"""Streamlit pages over `harness.flows.queries`; `lora-harness dashboard` starts them."""
