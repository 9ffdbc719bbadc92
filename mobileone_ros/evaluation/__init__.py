"""Measure how often a model is right, alone or beside another one; no ROS here."""
