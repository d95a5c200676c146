"""The dashboard: Streamlit pages over `harness.flows.views`; `lora-harness dashboard` starts it."""
