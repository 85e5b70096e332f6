"""A site whose every secret is known is driven through a day of faults; then each secret is searched for everywhere."""
