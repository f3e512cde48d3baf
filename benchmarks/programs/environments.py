"""An environment for each peer, made of pinned packages, and the processes that work in them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / "build" / "benchmarks"

#: All that is installed beside what it pulls in; the environments are made anew when this changes.
PACKAGES = {
    "numpy": ["numpy==2.4.6", "threadpoolctl==3.8.0"],
    "c": ["numpy==2.4.6"],
    "jax": ["jax==0.10.2", "jaxlib==0.10.2", "numpy==2.4.6"],
    "torch": ["torch==2.13.0", "numpy==2.4.6"],
    "hips": ["autograd==1.9.1", "numpy==2.4.6"],
    "casadi": ["casadi==3.8.2", "numpy==2.4.6"],
}

#: Set by some machines to choose other BLAS kernels than those that suit the CPU.
_MISLEADING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "PYTHONPATH")


def python_of(peer):
    """Give the interpreter of a peer's environment, which is made if need be; ours is the one that runs this."""
    if peer not in PACKAGES:
        return sys.executable
    folder = CACHE / "environments" / peer
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    made_of = folder / "made_of.json"
    if not made_of.exists() or json.loads(made_of.read_text()) != PACKAGES[peer]:
        print(f"making an environment of {', '.join(PACKAGES[peer])}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "-qq", "--no-input", *PACKAGES[peer]], check=True)
        made_of.write_text(json.dumps(PACKAGES[peer]))
    return python


class PeerFailedError(Exception):
    """A peer ended, or said that something went wrong."""


class Worker:
    """
    A process of one peer, pinned to so many cores, that does what it is asked for.

    Parameters
    ----------
    peer
        Its module in the folder `peers`.
    cores
        How many.
    """

    def __init__(self, peer, cores):
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(cores))
        kept = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
        self.peer = peer
        self._process = subprocess.Popen(
            [python_of(peer), HERE / "worker.py", peer, str(cores), CACHE],
            env={**kept, **threads, "GOMP_SPINCOUNT": "20000", "JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, limit=None, **what):
        """Ask for something, as `worker` has it, and give the answer; after so many seconds end the process instead."""
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        timer = threading.Timer(limit or 0, self._process.kill)
        if limit:
            timer.start()
        line = self._process.stdout.readline()
        timer.cancel()
        if not line and limit and timer.finished.is_set() and self._process.wait() < 0:
            raise TimeoutError
        answer = json.loads(line or '{"error": "the process ended"}')
        if "error" in answer:
            msg = f"{self.peer}: {answer['error']}"
            raise PeerFailedError(msg)
        return answer["answer"]

    def end(self):
        """End the process."""
        self._process.stdin.close()
        self._process.wait()
