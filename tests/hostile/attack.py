"""The hostile sample: a project's code that tries to break out, and says of each try whether it did.

Runs inside the box: standard library only, old syntax. Every try is against a stand-in that the test put up; what to aim at comes on stdin, so that no command line but the neighbour's own has its mark.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys

NEW_USER = 0x10000000


def read(path):
    with open(path) as file:
        return bool(file.read())


def processes():
    return [pid for pid in os.listdir("/proc") if pid.isdigit() and pid != str(os.getpid())]


def bytes_of(pid, name):
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read()
    except OSError:
        return b""


def kill_neighbour(aims):
    for pid in processes():
        if aims["neighbour"].encode() in bytes_of(pid, "cmdline"):
            os.kill(int(pid), signal.SIGKILL)
            return True
    return False


def connect(family, address):
    with socket.socket(family) as client:
        client.settimeout(5)
        client.connect(address)
        return client.recv(6) == b"broker"


def outlive(aims):
    subprocess.Popen(["setsid", "sleep", aims["daemon"]], env={}, stdout=-3, stderr=-3, stdin=-3)
    return False  # the test looks for it outside, when the step is over


TRIES = {
    "shadow": lambda aims: read("/etc/shadow"),
    "zoomdb": lambda aims: read(aims["zoomdb"]),
    "neighbours_file": lambda aims: read(aims["neighbours_file"]),
    "closed_file": lambda aims: read(aims["closed_file"]),
    "worker_environment": lambda aims: any(aims["secret"].encode() in bytes_of(pid, "environ") for pid in processes()),
    "process_list": lambda aims: any(aims["neighbour"].encode() in bytes_of(pid, "cmdline") for pid in processes()),
    "broker_tcp": lambda aims: connect(socket.AF_INET, ("127.0.0.1", aims["broker_port"])),
    "broker_unix": lambda aims: connect(socket.AF_UNIX, aims["broker_socket"]),
    "kill_neighbour": kill_neighbour,
    "nested_namespace": lambda aims: ctypes.CDLL(None).unshare(NEW_USER) == 0,
    "gains_privileges": lambda aims: "NoNewPrivs:\t1" not in bytes_of("self", "status").decode(),
    "outlive": outlive,
}


def main(aims):
    broke_out = []
    for name, attempt in TRIES.items():
        try:
            if attempt(aims):
                broke_out.append(name)
        except OSError:
            continue
    print(json.dumps(broke_out))


if __name__ == "__main__":
    main(json.load(sys.stdin))
