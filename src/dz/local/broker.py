"""The broker as a service of our own: Valkey behind a socket, or a RabbitMQ node with own name, ports and folder."""

from __future__ import annotations

from dz.local.layout import Layout
from dz.local.providers import Found, executable
from dz.local.service import Service
from dz.local.state import State
from dz.local.users import CORE, config, file, folder
from dz.log import Secret

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def broker_service(layout: Layout, state: State, password: Secret, found: Found) -> Service:
    folder(layout.folder("broker"), CORE, 0o700)
    make = _rabbitmq if state.broker == "rabbitmq" else _valkey
    return make(layout, state, password, found)


def _valkey(layout: Layout, state: State, password: Secret, found: Found) -> Service:
    own = layout.folder("broker")
    settings = {
        "port": "0",
        "unixsocket": str(layout.broker_socket),
        "unixsocketperm": "777",  # the folder around it lets our own users in, nobody else
        "requirepass": password.reveal(),
        "dir": str(own),
        # A queue survives kill -9 of the broker, and is never thrown away for want of memory.
        "appendonly": "yes",
        "maxmemory-policy": "noeviction",
        "save": '""',
        "daemonize": "no",
        "databases": "1",
    }
    text = "".join(f"{key} {value}\n" for key, value in settings.items())
    argv = (str(executable(found, "valkey-server", "redis-server")), str(config(own, "valkey", ".conf", text, CORE)))
    return Service(name="broker", argv=argv, env={"PATH": PATH}, user=CORE, death_signal="TERM")


def _rabbitmq(layout: Layout, state: State, password: Secret, found: Found) -> Service:
    """Loopback only, its Erlang ports too; nothing of the system's own node or its configuration is used."""
    own, (amqp, distribution, epmd) = layout.folder("broker"), state.broker_ports
    settings = {
        "listeners.tcp.local": f"127.0.0.1:{amqp}",
        "default_user": "dz",
        "default_pass": password.reveal(),
        "log.console": "true",
        "log.console.level": "warning",
        "disk_free_limit.absolute": "200MB",
        "vm_memory_high_watermark.absolute": "512MB",
    }
    text = "".join(f"{key} = {value}\n" for key, value in settings.items())
    used = config(own, "rabbitmq", ".conf", text, CORE)
    file(own / "enabled_plugins", "[].\n", CORE)
    env = {
        "PATH": PATH,
        "LANG": "C.UTF-8",
        "HOME": str(own),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_NODENAME": f"dz-{layout.sockets.name[-8:]}@localhost",
        "RABBITMQ_MNESIA_BASE": str(own / "mnesia"),
        "RABBITMQ_LOG_BASE": str(own),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_CONFIG_FILE": str(used.with_suffix("")),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(own / "advanced"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(own / "enabled_plugins"),
        "RABBITMQ_PID_FILE": str(own / "pid"),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "ERL_EPMD_PORT": str(epmd),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }
    argv = (str(executable(found, "rabbitmq-server")),)
    return Service(name="broker", argv=argv, env=env, user=CORE, death_signal="TERM", grace=20)
