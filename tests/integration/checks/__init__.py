# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""The checks, one module per subject; run.py imports every module here."""
