"""Agents as rows of tables: a Mesa model whose agents are made when looked at and own nothing but a place.

The state stands in NumPy arrays, one `Table` for each class of agent, and the phases of a tick work on those arrays.
`model.agents`, `agents_by_type`, the methods of an AgentSet and the DataCollector work as in any Mesa model, on views.
This package is the only code that knows Mesa's insides; it runs on Mesa 3.3.1 and 3.5.

Two rules follow from rows being posts. Rows never move or grow, so agents are neither registered nor removed one by
one: a person who leaves is a change in the columns. And a plain `mesa.agent.AgentSet` holds weak references, so views
put into one vanish at once: use the sets that the model gives.

>>> import numpy as np
>>> from kmsim.columns import Column, ViewAgent, ViewModel
>>> class Teacher(ViewAgent):
...     school = Column(np.int32, doc="row of the school")
...     fidelity = Column(np.float32, doc="quality of use", unit="[0, 1]", per_practice=True)
>>> model = ViewModel(practices=["feedback", "metacognition"], rng=1)
>>> teachers = model.add_table(Teacher, 4, school=[0, 0, 1, 1])
>>> teachers["fidelity"][1] = [0.25, 0.5, 0.75, 1.0]
>>> teacher = model.agents_by_type[Teacher][2]
>>> teacher.school, teacher.fidelity, teacher.of("metacognition").fidelity
(1, 0.0, 0.75)
>>> model.agents.of("metacognition").groupby("school").agg("fidelity", np.mean)
{0: 0.375, 1: 0.875}
"""

from kmsim.columns.collector import DataCollector
from kmsim.columns.fields import Column
from kmsim.columns.model import ViewModel
from kmsim.columns.sets import ViewSet
from kmsim.columns.table import Table
from kmsim.columns.views import ViewAgent

__all__ = ["Column", "DataCollector", "Table", "ViewAgent", "ViewModel", "ViewSet"]
