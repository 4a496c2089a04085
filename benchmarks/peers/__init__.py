"""The programs that bgtool is measured against, and its own networks as others would export them."""
