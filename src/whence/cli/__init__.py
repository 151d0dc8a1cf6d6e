"""The command line: one file per verb, no logic in it."""


def main() -> None:
    """Run `whence` as typed."""
    from whence.cli.app import app

    app()
