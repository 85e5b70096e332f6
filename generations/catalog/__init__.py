"""Show stored clips to people: pages, files, health.

Not here: what becomes of a clip (library), staff pages (admin).
"""
