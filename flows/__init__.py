"""Prefect flows, one file each: loops over batches of the application's services."""
