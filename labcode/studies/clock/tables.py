"""The tables of the clock: what a script measures, and nothing that is trained."""

from __future__ import annotations

from labcode.studies.definition import Study, TimedTable

PROCESSOR = TimedTable("clock_processor", "benchmarks/clock.py")
WALL = TimedTable("clock_wall", "benchmarks/clock.py")
SPINNING = TimedTable("clock_spinning", "benchmarks/clock.py")
STUDY = Study("clock", (PROCESSOR, WALL, SPINNING))
