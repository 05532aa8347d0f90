"""Loaders: each turns files into canonical tables and rejects, and nothing else."""
