"""Processes, ports and logs of one machine; independent of what is archived."""
