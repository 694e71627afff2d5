"""What shows that an archive is whole: verification, samples read again, objects that no run lists."""
