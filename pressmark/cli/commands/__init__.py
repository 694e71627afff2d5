"""The commands of `pressmark`, one file each."""
