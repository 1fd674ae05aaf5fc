"""Pull the plug anywhere, run again, and look whether anybody ever saw something wrong (docs/reliability.md)."""
