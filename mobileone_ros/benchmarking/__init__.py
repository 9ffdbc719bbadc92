"""Measure models, pools and nodes on the machine at hand, and report the figures."""
