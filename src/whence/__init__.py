"""whence: which source should a small medical image set be transferred from, and how sure is that?"""
