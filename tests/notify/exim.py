"""Debian's mail server, exim, on ports of its own, with a certificate, users, and a mailbox in a file."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import trustme

from tests.notify.mail_server import PASSWORD, SECRET, USER

BINARY = shutil.which("exim4", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
ACCOUNT = "Debian-exim"
CONFIG = """
primary_hostname = mail.example.org
local_interfaces = <; 127.0.0.1
daemon_smtp_ports = {port} : {tls_port}
tls_on_connect_ports = {tls_port}
tls_advertise_hosts = *
tls_certificate = {folder}/server.pem
tls_privatekey = {folder}/server.key
spool_directory = {folder}/spool
log_file_path = {folder}/log.%s
pid_file_path = {folder}/pid
acl_smtp_rcpt = recipients
queue_only = false
begin acl
recipients:
  deny message = nobody of that name
       local_parts = gone
  defer message = try again later
       local_parts = later
  require message = log in first
       authenticated = *
  require message = begin TLS first
       encrypted = *
  accept
begin routers
everybody:
  driver = accept
  transport = mailbox
begin transports
mailbox:
  driver = appendfile
  file = {folder}/mail/inbox
  user = {account}
begin authenticators
"""
WAYS = {
    "CRAM-MD5": """
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${{if eq{{$auth1}}{{{user}}}{{{secret}}}fail}}
  server_set_id = $auth1
""",
    "PLAIN": """
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
""",
    "LOGIN": """
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if and{{{{eq{{$auth1}}{{{user}}}}}{{eq{{$auth2}}{{{password}}}}}}}}}
  server_set_id = $auth1
""",
}


@dataclass(frozen=True)
class Exim:
    """One that runs. port: STARTTLS. tls_port: TLS from the start. folder: where its log and mailbox are."""

    port: int
    tls_port: int
    folder: Path

    def mail(self, ident: str) -> bytes:
        """The mail about the outbox row of that id, once it is in the mailbox: it is delivered after it was accepted."""
        box = self.folder / "mail" / "inbox"
        for _ in range(500):
            found = [mail for mail in self._box(box) if f"\nMessage-Id: <{ident}.".lower().encode() in mail.lower()]
            if found and found[0].endswith(b"\n"):
                return found[0].partition(b"\n")[2]
            time.sleep(0.01)
        raise AssertionError(f"no such mail: {self.log()}")

    def _box(self, box: Path) -> list[bytes]:
        return box.read_bytes().split(b"\nFrom ") if box.exists() else []

    def log(self) -> str:
        """What it says of what it did."""
        return "".join(path.read_text(errors="replace") for path in self.folder.glob("log.*"))


@contextmanager
def exim(authority: trustme.CA, ways: tuple[str, ...] = tuple(WAYS)) -> Iterator[Exim]:
    """A server that offers these ways to log in, in this order. Its folder is where others than root can get to."""
    port, tls_port = _free_ports(2)
    assert BINARY is not None
    with (
        _written(authority, port, tls_port, ways) as folder,
        (folder / "said").open("w") as said,
        subprocess.Popen(
            [BINARY, "-C", f"{folder}/exim.conf", "-bdf"], stdout=said, stderr=said, start_new_session=True
        ) as server,
    ):
        try:
            _await(port, server, folder)
            yield Exim(port, tls_port, folder)
        finally:
            os.killpg(server.pid, signal.SIGKILL)  # with those that deliver, which would make their folders anew


@contextmanager
def _written(authority: trustme.CA, port: int, tls_port: int, ways: tuple[str, ...]) -> Iterator[Path]:
    folder = Path(mkdtemp(prefix="exim-"))
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate = authority.issue_cert("127.0.0.1", "mail.example.org")
    certificate.private_key_pem.write_to_path(str(folder / "server.key"))
    for part in certificate.cert_chain_pems:
        part.write_to_path(str(folder / "server.pem"), append=True)
    config = CONFIG + "".join(WAYS[way] for way in ways)
    text = config.format(
        folder=folder, port=port, tls_port=tls_port, account=ACCOUNT, user=USER, password=PASSWORD, secret=SECRET
    )
    (folder / "exim.conf").write_text(text)
    (folder / "exim.conf").chmod(0o644)
    account = pwd.getpwnam(ACCOUNT)
    for path in (folder, folder / "mail", folder / "server.key", folder / "server.pem"):
        if not path.exists():
            path.mkdir()
        os.chown(path, account.pw_uid, account.pw_gid)
    try:
        yield folder
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    """Those that deliver may yet be at it for a moment."""
    for _ in range(100):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.02)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _await(port: int, server: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            with socket.create_connection(("127.0.0.1", port)):
                return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"exim did not start: {(folder / 'said').read_text()}")
