"""What our web pages show: documents of the bucket, how two of them differ, and captured bodies that can do nothing."""
