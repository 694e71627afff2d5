"""Processes, ports and logs of one machine: nothing here knows what is archived."""
