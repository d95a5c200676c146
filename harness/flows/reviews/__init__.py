"""What people did with the outputs: import, export, rates."""
