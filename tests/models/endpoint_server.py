"""A real HTTP server over the loopback that serves a fitted scikit-learn model."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pandas as pd


class Server(ThreadingHTTPServer):
    """Serves `model`; `behave(handler, scores)` may answer something else."""

    daemon_threads = True
    model = None
    behave = None
    requests: list

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = []
        self.url = f"http://127.0.0.1:{self.server_port}/v1/predict?version=2"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, dict(self.headers), request))
        rows = pd.DataFrame(request["rows"], columns=request["columns"])
        rows["age"] = rows["age"].astype(float).fillna(40.0)
        model = self.server.model
        scores = getattr(model, "predict_proba", model.predict)(rows)
        scores = np.asarray(scores).reshape(len(rows), -1).tolist()
        if self.server.behave is None:
            self.answer(json.dumps({"scores": scores}).encode())
        else:
            self.server.behave(self, scores)

    def answer(self, body, status=200, **headers):
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass
