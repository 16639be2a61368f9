# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""What the checks share: the gateway as a process, precise raw clients, and the real clients behind one interface."""
