"""The spool: segments and drafts on the local disk."""
