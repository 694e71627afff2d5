"""Monitoring: the history of runs, alarms, and advice on failures."""
