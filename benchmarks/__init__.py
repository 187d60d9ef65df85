"""Measurements of time and memory; run with ``make bench``, read in docs/performance.md."""
