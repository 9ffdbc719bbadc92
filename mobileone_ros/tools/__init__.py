"""The package's executables, one file each."""
