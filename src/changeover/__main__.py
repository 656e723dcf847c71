"""`python -m changeover` is the command line."""

from changeover.cli import main

if __name__ == "__main__":
    main()
