"""How a worker ends with the driver that started it."""

from __future__ import annotations

import os
import threading


def end_with_parent() -> None:
    """Let this process end as soon as the driver that started it is gone, however it went."""
    import multiprocessing
    from multiprocessing.connection import wait

    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
