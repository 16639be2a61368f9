# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""One module for each kind of fault."""
