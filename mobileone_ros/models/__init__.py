"""The models: what they are, where their files lie, and how such a file is made."""
