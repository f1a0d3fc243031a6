"""The schedule's steps as loops: each phase walks teachers, schools or clusters and applies the rules to them.

This folder is an addition to the first plan, in which `model.py` joined the rules: the loops that do so are compiled,
and one compiled entry runs a tick, so they live here and `model.py` keeps the printable list of them.

The loop over teachers is in three files: `tile` is the room some posts are lived in, `place` what a school's teachers
meet, `teachers` the short loops in which rules are applied.
"""
