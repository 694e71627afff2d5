"""Alarms: found, sent to whom they concern, and remembered."""
