"""`python -m pressmark`: the command `pressmark`."""

from pressmark.cli.main import main

if __name__ == "__main__":
    main()
