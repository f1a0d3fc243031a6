"""The report on a comparison: figures, headline sentences and one self-contained HTML page, all computed from its frames."""
