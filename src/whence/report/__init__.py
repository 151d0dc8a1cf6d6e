"""Pages and figures: what came of a study, and the ranking of sources for one target, fit to be read and printed."""

from whence.report.export import export_figures, export_tables
from whence.report.ranking_page import render_ranking
from whence.report.results import StudyResults
from whence.report.study_page import render_study, study_figures

__all__ = [
    "StudyResults",
    "export_figures",
    "export_tables",
    "render_ranking",
    "render_study",
    "study_figures",
]
