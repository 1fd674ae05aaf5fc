"""Iceberg: catalog, tables, audit branches, proof. PyIceberg is imported only when a function here is called."""
