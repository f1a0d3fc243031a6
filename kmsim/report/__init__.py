"""The report on a comparison: figures, headline sentences and one self-contained HTML page, all computed from its frames."""

import os

if "MPLBACKEND" in os.environ:  # before any module of this folder imports matplotlib, which would refuse some of them
    from kmsim.report.backend import load

    load()
