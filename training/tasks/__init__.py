"""What is trained: network, data, loss and validation of documents and of people."""
