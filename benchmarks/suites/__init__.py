"""What `python -m benchmarks NAME` measures, a module for each NAME."""
