"""Networks, data, losses and loops that train the models bgtool ships. Needs PyTorch; bgtool itself does not."""
