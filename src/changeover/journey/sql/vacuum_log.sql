-- Nothing: gives the room of removed log rows back for new ones.
VACUUM (TRUNCATE false, SKIP_LOCKED) changeover.change
