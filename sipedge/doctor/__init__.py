"""The federation doctor: every check that a Microsoft Edge makes of a partner, from outside and from inside.

``await examine(Options(domains=("example.com",)))`` gives a Report. ``explain_trace``, which decodes refusals,
is imported from ``explain.decode``: a running edge examines, too, and needs no readers of traces.
"""

from sipedge.doctor.checks.result import CheckVerdict, Result
from sipedge.doctor.explain.finding import TraceFinding
from sipedge.doctor.facts.options import Bounds, CallDirection, Options

from .examine import examine
from .report import Report
from .tools import DoctorError

__all__ = [
    "Bounds",
    "CallDirection",
    "DoctorError",
    "TraceFinding",
    "Options",
    "Report",
    "Result",
    "CheckVerdict",
    "examine",
]
