"""From the spool to the bucket: in a process of its own, and after kills."""
