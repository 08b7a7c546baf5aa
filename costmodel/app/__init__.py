"""The dashboard's pages, one file each, and the parts that they share."""
