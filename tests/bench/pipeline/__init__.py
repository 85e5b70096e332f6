"""What the benchmarks measure with: a quick provider, clips of real sizes, the use of CPU and memory, and rivals."""
