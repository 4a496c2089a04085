"""What several test files share; what pytest hands to tests stands in `conftest.py`."""
