"""The tables of the clock: what a script measures, and nothing that is trained."""

from __future__ import annotations

from labcode.studies.definition import Study, TimedTable

SCRIPT = "benchmarks/clock.py"
PROCESSOR = TimedTable("clock_processor", SCRIPT)
WALL = TimedTable("clock_wall", SCRIPT)
STUDY = Study("clock", (PROCESSOR, WALL))
