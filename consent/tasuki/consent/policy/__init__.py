"""What holds where no Consent speaks: the implicit policy of a region, as data.

https://profiles.ihe.net/ITI/PCF/volume-1.html
"""

from __future__ import annotations

from tasuki.consent.policy.implicit import ImplicitPolicy, read_implicit_policy

__all__ = ["ImplicitPolicy", "read_implicit_policy"]
