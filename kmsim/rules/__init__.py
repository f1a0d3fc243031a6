"""What happens in a tick: one file a rule, each for one teacher, school or cluster.

Rules take the parameter record `p` and plain numbers and return numbers; the loops over teachers, schools and
clusters are phases (`kmsim.phases`). All arithmetic is float32 unless said; rates are per year, dt in years.
"""
