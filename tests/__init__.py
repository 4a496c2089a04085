"""Rooms of tests that mirror the tree, and `support`, what several of them share."""
