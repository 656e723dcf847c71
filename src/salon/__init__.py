"""The booking assistant that Changeover was first built for: its schema and its data."""
