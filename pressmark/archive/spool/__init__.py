"""The spool: segments and drafts on this machine's disk."""
