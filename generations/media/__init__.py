"""Files and pictures: downloaded, verified, made into posters, stored. No Django.

Not here: which task a file belongs to (lifecycle/saving), whether a row and its file agree (integrity).
"""
