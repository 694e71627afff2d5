"""Checks that an archive is whole: verification, re-read samples, objects in no manifest."""
