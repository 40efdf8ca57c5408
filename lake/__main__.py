"""``python -m lake``: the command, where it is not on the path."""

from lake.cli import main

main()
