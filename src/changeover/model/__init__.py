"""Values that every room shares: names, errors, secrets, settings, observations. No I/O."""
