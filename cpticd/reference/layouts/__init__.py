"""Readers of official file layouts, one module each; ``cpticd.reference.store`` calls them by kind."""
