"""Levers and the policies made of them: what is offered, to whom, when, at what cost."""

from kmsim.policies.levers import Lever
from kmsim.policies.policy import Policy, read_policy

__all__ = ["Lever", "Policy", "read_policy"]
