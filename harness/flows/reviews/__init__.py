"""Reviews of outputs by people: import, export, the review queue and edit rates."""
