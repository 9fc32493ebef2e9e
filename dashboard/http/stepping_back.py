"""Among several readers, one that may lag lets another answer."""

from __future__ import annotations

from dashboard.data.snapshot import Snapshots
from dashboard.http.asgi import App, Receive, Scope, Send, header
from dashboard.http.problems import problem
from dashboard.http.security import OPERATIONS

#: Sent by the proxy before several readers, while there is another one to ask.
OTHERS = b"x-other-readers"


class SteppingBack:
    """An ASGI app around another. While the store of snapshots cannot be asked, or a newer one is
    still being fetched, a request that another reader can answer is handed back with 503: what one
    reader has shown, the next shall not deny. Without others this reader answers as ever."""

    def __init__(self, app: App, snapshots: Snapshots) -> None:
        self.app, self.snapshots = app, snapshots

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.app
        if (
            self.snapshots.may_lag
            and scope["type"] == "http"
            and header(scope, OTHERS)
            and scope["path"] not in OPERATIONS
        ):
            app = problem(503, "This reader may not have the newest snapshot; ask another one.")
        await app(scope, receive, send)
