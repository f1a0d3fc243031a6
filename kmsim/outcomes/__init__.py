"""What is measured: each outcome defined once, from totals that a compiled phase records every tick."""

from kmsim.outcomes.definitions import OUTCOMES, Outcome

__all__ = ["OUTCOMES", "Outcome"]
