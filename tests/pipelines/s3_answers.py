"""A server that answers S3 requests with given responses: errors, silence, unusual names."""

import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

Answer = tuple[int, bytes]
"""Status and body."""

LIST = (
    '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><IsTruncated>false'
    "</IsTruncated>{}</ListBucketResult>"
)
FILE = "<Contents><Key>{}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>3</Size></Contents>"


def listed(*keys: str) -> Answer:
    """The answer to a listing, with files of three bytes."""
    return 200, LIST.format("".join(map(FILE.format, keys))).encode()


def refused(status: int, code: str) -> Answer:
    """An error with the name that S3 gives it."""
    return status, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()


class Answers:
    """The server on loopback, as a context manager.

    Args:
        answer: returns the answer to a method and path; None closes the connection.
        certificate: file with a certificate and its key, for TLS.

    Attributes:
        requested: the paths of the GET requests so far.
    """

    def __init__(self, answer: Callable[[str, str], Answer | None], certificate: Path | None = None) -> None:
        self.requested: list[str] = []
        requested = self.requested

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_request(self) -> None:
                if self.command == "GET":
                    requested.append(self.path)
                reply = answer(self.command, self.path)
                if reply is None:
                    self.close_connection = True
                    return
                status, body = reply
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_HEAD = handle_request  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def uri(self, path: str, scheme: str = "http") -> str:
        return f"s3://bucket/{path}?endpoint_override=127.0.0.1:{self._server.server_port}&scheme={scheme}"
