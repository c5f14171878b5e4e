"""The `tasuki` command, the one-process launcher and the sample regions."""
