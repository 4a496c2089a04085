"""Networks: their files, cards and devices, and how they run."""
