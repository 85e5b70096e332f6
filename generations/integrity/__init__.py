"""Compare rows and files, repair and quarantine files, clean up, and check the promises of docs/reliability.md.

Not here: the first verification of a download (media), the saving of a clip (lifecycle/saving).
"""
