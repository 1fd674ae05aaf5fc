"""SQL Server: connect, discover, plan chunks, hold a point, fingerprint. Drivers are imported only when called."""
