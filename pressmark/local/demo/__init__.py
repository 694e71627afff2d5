"""`make demo`: the main job on embedded defaults."""
