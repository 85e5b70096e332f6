"""The pages that people browse, and the files behind them."""
