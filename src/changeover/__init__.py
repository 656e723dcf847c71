"""Move a live application from Supabase to plain PostgreSQL, and back while it can still go back."""

__version__ = "0.1.0"
