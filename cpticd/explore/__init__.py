"""Explorers: pages of filters, charts and tables in a notebook; they compute nothing, an analysis does."""

from __future__ import annotations
