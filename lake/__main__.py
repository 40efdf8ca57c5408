"""Where the program starts, as ``lake`` and ``python -m lake``: Ctrl-C is heard before the commands are imported."""

from lake import signals


def main() -> None:
    try:
        signals.listen()
        from lake import cli
    except KeyboardInterrupt:
        signals.end()
    cli.main()


if __name__ == "__main__":
    main()
