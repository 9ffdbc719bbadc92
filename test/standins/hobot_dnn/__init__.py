"""Stand in for the vendor's package of the same name; see ../README.md."""
