"""The peer: a FastAPI app whose one route returns bytes that are there already."""

from __future__ import annotations

import sys
from urllib.request import urlopen

import uvicorn
from fastapi import FastAPI
from fastapi.responses import Response


def main(address: str, port: int) -> None:
    body = urlopen(address, timeout=60).read()
    app = FastAPI()

    @app.get("/")
    async def bare() -> Response:
        return Response(body, media_type="text/csv")

    uvicorn.run(app, port=port, log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
