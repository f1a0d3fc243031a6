"""The diffusion core alone, held to real communities: who adopted when, and who talks to whom.

The model's own rules of awareness and of trying (`kmsim.rules`) on the networks of physicians, farmers and families; what
they predict beside Bass, beside the same rules with no network and beside a threshold model. `study` does all of it.
"""
