"""The scenario file: its types, how it is read, checked and changed."""
