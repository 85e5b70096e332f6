"""Show stored clips to people: pages, files, links for guests, feeds, health.

Not here: what becomes of a clip (library), staff pages (admin).
"""
