"""Alarms: find them, send them to recipients, and record what was sent."""
