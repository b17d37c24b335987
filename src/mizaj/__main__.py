"""`python -m mizaj` is the command `mizaj`."""

from mizaj.cli import main

if __name__ == "__main__":
    main()
