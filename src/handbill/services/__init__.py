"""Use cases: load, decide, save. One module for each chapter of verbs; every door calls these."""
