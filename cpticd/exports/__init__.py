"""Ways out of a data set: each writes its lines, persons and all, where the user says, and says what it cannot hold."""

from __future__ import annotations

from cpticd.exports.forms import FORMS as FORMS
from cpticd.exports.forms import export as export
