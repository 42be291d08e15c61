"""Scripted people for the demo and for previews. They call services; no service knows that they exist."""
