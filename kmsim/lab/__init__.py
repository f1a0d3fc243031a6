"""Many runs: policies over seeds, in parallel, and what their comparison says."""
