"""A remote algorithm that goes wrong as its path says. Says its port first; imports nothing of ours."""

import importlib
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
faulty = importlib.import_module("faulty_algorithms")


class Faulty(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_POST(self):
        questions = json.loads(self.rfile.read(int(self.headers["content-length"])))["questions"]
        name = self.path.strip("/")
        if name == "hang":
            time.sleep(60)
        elif name == "crash":
            self.connection.shutdown(2)
            self.close_connection = True
        elif name == "die":
            os._exit(1)
        elif name == "redirect":
            self.reply(b"", 302, location="http://127.0.0.1:1/")
        elif name == "status":
            self.reply(b"{}", 500)
        elif name == "notjson":
            self.reply(b"<html>")
        elif name == "trickle":
            self.trickle(0.05, b" ")
        elif name == "endless":
            self.trickle(0, b" " * 65_536)
        elif name in {"slowhead", "continues"}:
            self.head(name)
        elif name == "missing":
            self.reply(json.dumps({"answers": []}).encode())
        else:
            answers = [getattr(faulty, name)().answer(question) for question in questions]
            self.reply(json.dumps({"version": "remote-1", "answers": answers}).encode())

    def reply(self, body, status=200, **headers):
        self.send_response(status)
        for item in {"content-length": str(len(body)), **headers}.items():
            self.send_header(*item)
        self.end_headers()
        self.wfile.write(body)

    def head(self, name):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n" if name == "slowhead" else b"")
        for n in range(200 if name == "slowhead" else 100_000):
            self.wfile.write(f"x-{n}: 1\r\n".encode() if name == "slowhead" else b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(0.05 if name == "slowhead" else 0.001)

    def trickle(self, pause, part):
        self.send_response(200)
        self.send_header("content-length", str(10**12))
        self.end_headers()
        while True:
            self.wfile.write(part)
            time.sleep(pause)


class Quiet(ThreadingHTTPServer):
    def handle_error(self, *_):
        """Callers that leave are what this server is for."""


if __name__ == "__main__":
    with Quiet(("127.0.0.1", 0), Faulty) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
