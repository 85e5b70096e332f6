"""Compare rows and files, repair, quarantine and clean up; check the promises.

Not here: the first verification of a download (media), the saving of a clip (lifecycle/saving).
"""
