"""Rows and files compared, repaired, quarantined and cleaned up; the promises, checked.

Not here: the first verification of a download (media), the saving of a clip (lifecycle/saving).
"""
