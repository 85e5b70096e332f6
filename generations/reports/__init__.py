"""Reports: sums of the ledger and the tasks for people, and their export as CSV and XLSX. They write no row."""
