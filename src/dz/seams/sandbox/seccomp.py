"""A seccomp filter as bytes of BPF: which system calls answer with an error instead of being done.

Only what the lower rungs need: calls refused outright, ``clone`` refused when it would make a namespace, and ``socket``
by family and kind. Standard library only: it runs between fork and exec. x86-64 and arm64; elsewhere there is none.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Collection

AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 1, 2, 10, 16
SOCK_STREAM = 1

_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CALLS = {
    "x86_64": {
        "socket": 41, "clone": 56, "clone3": 435, "unshare": 272, "setns": 308, "mount": 165, "pivot_root": 155,
        "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "pidfd_getfd": 438, "bpf": 321,
        "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425, "keyctl": 250, "add_key": 248,
        "request_key": 249,
    },
    "aarch64": {
        "socket": 198, "clone": 220, "clone3": 435, "unshare": 97, "setns": 268, "mount": 40, "pivot_root": 41,
        "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "pidfd_getfd": 438, "bpf": 280,
        "perf_event_open": 241, "userfaultfd": 282, "io_uring_setup": 425, "keyctl": 219, "add_key": 217,
        "request_key": 218,
    },
}  # fmt: skip
NAMESPACES = ("unshare", "setns", "mount", "pivot_root")
# io_uring makes sockets without the call ``socket``, so it would lead round the rest of this filter.
DANGEROUS = (
    "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "bpf", "perf_event_open", "userfaultfd",
    "io_uring_setup", "keyctl", "add_key", "request_key",
)  # fmt: skip
_NEW_NAMESPACES = 0x7E020080  # CLONE_NEWTIME | NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET
_LOAD, _JEQ, _JGE, _JSET, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_X32 = 0x40000000
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2


def available() -> bool:
    return os.uname().machine in _ARCH


def program(*, refused: Collection[str], families: Collection[int] | None, stream_only: bool = False) -> bytes:
    """The filter. ``families``: what ``socket`` may still make; None: everything."""
    machine = os.uname().machine
    calls = _CALLS[machine]
    words = [(_LOAD, 0, 0, 4), (_JEQ, 1, 0, _ARCH[machine]), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    if machine == "x86_64":
        words += [(_JGE, 0, 1, _X32), _error(errno.EPERM)]
    for name in refused:
        words += [(_JEQ, 0, 1, calls[name]), _error(errno.EPERM)]
    words += [(_JEQ, 0, 1, calls["clone3"]), _error(errno.ENOSYS)]  # its flags are out of a filter's sight
    words += [(_JEQ, 0, 4, calls["clone"]), (_LOAD, 0, 0, 16), (_JSET, 0, 1, _NEW_NAMESPACES), _error(errno.EPERM)]
    words += [(_RETURN, 0, 0, _ALLOW)]
    if families is not None:
        words += _sockets(calls["socket"], families, stream_only=stream_only)
    words += [(_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("HBBI", *word) for word in words)


def _sockets(number: int, families: Collection[int], *, stream_only: bool) -> list[tuple[int, int, int, int]]:
    check: list[tuple[int, int, int, int]] = [(_LOAD, 0, 0, 16)]
    for place, family in enumerate(families):
        check.append((_JEQ, len(families) - place, 0, family))
    check.append(_error(errno.EACCES))
    if stream_only:
        check += [(_LOAD, 0, 0, 24), (_AND, 0, 0, 0xF), (_JEQ, 1, 0, SOCK_STREAM), _error(errno.EACCES)]
    return [(_JEQ, 0, len(check), number), *check]


def _error(number: int) -> tuple[int, int, int, int]:
    return (_RETURN, 0, 0, _ERRNO | number)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def apply(filter: bytes) -> None:
    """No new privileges, then the filter, for this process and all that come from it. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    of = _Program(len(filter) // 8, filter)
    for words in ((_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(of), 0, 0)):
        if libc.prctl(*words) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
