"""geometry and geography: shapes without curves, as well-known text and well-known binary (ISO 13249-3 types)."""
