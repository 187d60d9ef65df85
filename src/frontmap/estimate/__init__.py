"""Estimate: who held which ground on which day, as probabilities and joint draws, from fallible reports.

On the home ground of one party every other party has a latent field over space and time; it holds a point where the
field is above zero. The field is a Gaussian process whose mean favours the home party; reports are labels of its sign
that are wrong with a stated probability. Nothing here opens files. Coordinates are kilometres in one local equal-area
projection; days are numbers counted from the first day of the period.
"""
