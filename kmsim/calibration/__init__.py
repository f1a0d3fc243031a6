"""Fitting free parameters to the findings tagged CAL: history matching, then ABC-SMC. Loads nothing until it is asked."""
