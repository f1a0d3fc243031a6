"""Studies: numbered questions, each a config in experiments/NN_name, one module here that measures, draws and tells, and a README it writes.

All runs go through the lab (`running`), sentences are made of `telling`, figures of `drawing`, the README by `page`.
"""
