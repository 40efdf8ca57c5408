"""What a package with a source of its own tests itself with.

    from lake.testing import Server, check_source

    with Server() as server:                       # an archive on the loopback, as slow and as broken as one likes
        url = server.on("/stars.tsv", status(503), page(b"name\\n", content_type="text/plain"))

    assert check_source(my_source, [(resource, content)]) == []    # what every source promises

`unit_tests(folder)` runs the unit tests of a project's models; `build(folder)` builds and checks it.
"""

from lake.testing.conformance import check_source
from lake.testing.models import build, unit_tests
from lake.testing.server import Server, entity, page, redirect, slow, status

__all__ = ["Server", "build", "check_source", "entity", "page", "redirect", "slow", "status", "unit_tests"]
