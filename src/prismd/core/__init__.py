"""Pure rules: functions from values to values; no I/O, no clock, no randomness."""
