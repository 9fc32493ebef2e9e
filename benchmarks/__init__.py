"""What is fast, measured against a plain peer in the same run."""
