"""The command line: one file per verb, no logic in it."""


def main() -> None:
    """Run `whence` as typed."""
    import signal

    from whence.cli.app import app

    try:
        app()
    finally:  # Ctrl-C once more, as the interpreter closes down, would print its insides
        signal.signal(signal.SIGINT, signal.SIG_IGN)
