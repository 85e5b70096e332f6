"""Real processes for tests: a site, its worker, its web server, a PostgreSQL server, and who of them runs."""
