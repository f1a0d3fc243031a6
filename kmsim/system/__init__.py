"""What exists before the first tick: schools, the posts in them and the ties between posts.

>>> from kmsim.system import build
>>> build("borough", {"la": "Hackney"}).labels["la"]
['Hackney']
"""

from kmsim.system.build import build
from kmsim.system.built import PHASES, ROLES, System

__all__ = ["PHASES", "ROLES", "System", "build"]
