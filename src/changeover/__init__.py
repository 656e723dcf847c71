"""Move a live application from Supabase to plain PostgreSQL, with a way back at every step."""

__version__ = "0.1.0"
