"""The commands of `pressmark`, one file per command."""
