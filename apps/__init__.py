"""The programs that people start, each wiring the rooms below."""
