"""Any document of the feeds we read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.consent.warnings.cap import is_cap, read_cap
from tasuki.consent.warnings.jma import is_jma, read_jma
from tasuki.consent.warnings.lalert import is_lalert, read_lalert
from tasuki.consent.warnings.xml import read_xml
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from tasuki.consent.warnings.bulletin import Bulletin

_READERS = ((is_jma, read_jma), (is_lalert, read_lalert), (is_cap, read_cap))


def read_bulletin(body: bytes) -> Bulletin:
    """Return what a document says.

    Raises:
        Fault: INVALID, TOO_LARGE; NOT_SUPPORTED for XML of another kind.
    """
    root = read_xml(body)
    for is_one, read in _READERS:
        if is_one(root):
            return read(root)
    raise Fault(
        Category.NOT_SUPPORTED, "Only JMA XML, L-Alert (EDXL-DE 1.0) and CAP 1.2 are read here."
    )
