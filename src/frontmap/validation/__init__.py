"""Validation: the estimate against synthetic truths, maps of others, held-out reports, and what was known when."""
