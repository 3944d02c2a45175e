"""What calculators draw: functions that return a picture as plain data, one a file."""
