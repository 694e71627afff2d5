"""Jobs over an archive: exports, indexes, packages, audits, re-derivation."""
