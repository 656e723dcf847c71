"""`python -m changeover` is the command line."""

from changeover.cli import main

main()
