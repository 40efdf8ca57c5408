"""What lies on disk, and nothing of what it means."""
