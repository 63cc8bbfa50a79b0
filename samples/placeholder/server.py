"""Answers every path with 200 and a line of text; on PORT, which App Service sets, else on 8080. It keeps nothing."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TEXT = b"This environment is there; its application is not yet.\n"


class Placeholder(BaseHTTPRequestHandler):
    """The same for every path: the health check's too."""

    server_version, sys_version = "placeholder", ""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(TEXT)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(TEXT)

    do_HEAD = do_GET  # noqa: N815 - a name of http.server

    def log_message(self, *_: object) -> None:
        """Say nothing: addresses of visitors are nobody's business here."""


if __name__ == "__main__":
    port = int(os.environ.get("PORT") or os.environ.get("WEBSITES_PORT") or 8080)
    ThreadingHTTPServer(("", port), Placeholder).serve_forever()
