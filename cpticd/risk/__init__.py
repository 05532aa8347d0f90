"""CMS risk adjustment: scores, and what under-coded and unsupported conditions do to them."""
