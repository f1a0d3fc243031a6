"""The words of the field that codes stand for: phases of schools, roles of teachers, stages of use."""

PHASES = ("primary", "secondary", "special", "nursery", "pru")
ROLES = ("teacher", "middle leader", "senior leader", "head")
STAGES = ("unaware", "aware", "trying", "using", "lapsed")
