"""The two networks: stacked U-Nets for documents, one U-Net for people."""
