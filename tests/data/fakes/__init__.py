"""One script per named dataset that fakes its exact layout on disk, in small: `python -m tests.data.fakes.dtd FOLDER`.

Each has `make(folder)`, which fills the folder that `whence.data.named._shelf.shelf` names for it.
"""
