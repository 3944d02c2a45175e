"""The tables of counters and of the roofline: measured by scripts, nothing is trained."""

from __future__ import annotations

from labcode.studies.definition import Study, TimedTable

COUNTERS = TimedTable("count", "benchmarks/count.py")
CAUSES = TimedTable("count_causes", "benchmarks/count_causes.py")
ROOFLINE = TimedTable("roofline", "benchmarks/roofline.py")
STUDY = Study("counting", (COUNTERS, CAUSES, ROOFLINE))
