"""Download, verify and store files; make posters and previews. No Django but in store.py.

Not here: which task a file belongs to (lifecycle/saving), whether a row and its file agree (integrity).
"""
