"""Serve the built site on this machine, compressed as a web host would."""

import argparse
import gzip
import io
from functools import lru_cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
TEXT = {".html", ".css", ".js", ".mjs", ".json", ".svg", ".wasm", ".txt", ".map"}


@lru_cache(maxsize=256)
def compressed(path: str, changed: float) -> bytes:
    """The file's gzipped bytes; `changed` makes a rewritten file a new entry."""
    return gzip.compress(Path(path).read_bytes(), compresslevel=6, mtime=0)


class Handler(SimpleHTTPRequestHandler):
    """Serve files, text gzipped where the browser takes it."""

    protocol_version = "HTTP/1.1"
    extensions_map = {  # noqa: RUF012  (the base class's own form)
        **SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".js": "text/javascript",
        ".wasm": "application/wasm",
    }

    def send_head(self) -> io.BytesIO | None:
        """Answer with the compressed file, or as the base class does."""
        path = Path(self.translate_path(self.path))
        if path.is_dir() and self.path.split("?")[0].endswith("/"):
            path = path / "index.html"
        gzips = "gzip" in self.headers.get("Accept-Encoding", "")
        if not (path.is_file() and path.suffix in TEXT and gzips):
            return super().send_head()
        body = compressed(str(path), path.stat().st_mtime)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)

    def end_headers(self) -> None:
        """Let the browser keep files, but ask whether they changed."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of each request."""


def make_server(port: int, site: Path = SITE) -> ThreadingHTTPServer:
    """A server of the site on this machine only; port 0 takes a free one."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, directory=str(site)))


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args().port
    try:
        server = make_server(port)
    except OSError as error:
        raise SystemExit(
            f"Port {port} is taken ({error.strerror}). Try: make serve PORT=8001"
        ) from None
    print(f"http://localhost:{port}/  (Ctrl+C stops)", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print("Stopped.")


if __name__ == "__main__":
    main()
