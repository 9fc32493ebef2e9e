"""The peer of a cached chart page: a FastAPI route that returns the same bytes and does nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import Response


def main(file: str, port: int) -> None:
    body = Path(file).read_bytes()
    app = FastAPI()

    @app.get("/")
    async def page() -> Response:
        return Response(
            body, media_type="text/html; charset=utf-8", headers={"Content-Encoding": "br"}
        )

    uvicorn.run(app, port=port, log_level="error", access_log=False)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
