"""What is of astrobiology, and not of a lake: keys, graphs of pathways, pictures, leaks between planets."""
