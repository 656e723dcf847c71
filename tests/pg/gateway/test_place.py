"""Where a gateway listens, and with how many workers."""

import datetime as dt
import ipaddress
import os
import signal
import ssl
import stat

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from gateway_process import wait_for


def test_a_unix_socket_takes_the_ports_place(make_gateway, login, tmp_path):
    """The socket has its rights, answers, and is gone with the gateway."""
    path = tmp_path / "api.sock"
    settings = {"PGRST_SERVER_UNIX_SOCKET": str(path), "PGRST_SERVER_UNIX_SOCKET_MODE": "600"}
    api = make_gateway(login, settings=settings)
    assert api.url == f"unix:{path}"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    transport = httpx.HTTPTransport(uds=str(path))
    with httpx.Client(transport=transport, base_url="http://api", headers=api.headers) as client:
        assert client.get("/item?id=eq.1").json() == [{"id": 1, "name": "one"}]
    assert api.stop() == 0
    assert not path.exists()


def test_a_dead_socket_is_replaced_and_a_living_one_kept(make_gateway, login, tmp_path):
    """What a killed gateway left is taken over; another's socket is not."""
    path = tmp_path / "api.sock"
    flags = ["--unix-socket", str(path)]
    first = make_gateway(login, flags=flags)
    first.process.kill()
    first.process.wait()
    assert path.exists()
    make_gateway(login, flags=flags)
    third = make_gateway(login, flags=flags, is_awaited=False)
    assert third.process.wait(60) == 1
    assert "CO801" in third.text()


@pytest.fixture
def certificate(tmp_path):
    """A certificate for 127.0.0.1 and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = tmp_path / "certificate.pem", tmp_path / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


def test_tls(make_gateway, login, certificate):
    """With a certificate the gateway speaks TLS that a client can verify, and nothing else."""
    cert, key = certificate
    flags = ["--tls-certificate", str(cert), "--tls-key", str(key)]
    api = make_gateway(login, flags=flags)
    assert api.url.startswith("https://127.0.0.1:")
    context = ssl.create_default_context(cafile=cert)
    with api.client(verify=context) as client:
        assert client.get("/item?id=eq.1").json() == [{"id": 1, "name": "one"}]
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(api.url.replace("https", "http"), trust_env=False)


def test_a_certificate_that_can_not_be_used_is_refused(make_gateway, login, tmp_path):
    """The gateway does not start without what it was told to use."""
    (tmp_path / "no.pem").write_text("nothing", encoding="utf-8")
    flags = ["--tls-certificate", str(tmp_path / "no.pem")]
    api = make_gateway(login, flags=flags, is_awaited=False)
    assert api.process.wait(60) == 2
    assert "certificate" in api.text()


def workers_of(api):
    """Return the processes that a gateway has started."""
    path = f"/proc/{api.process.pid}/task/{api.process.pid}/children"
    with open(path, encoding="ascii") as file:  # noqa: PTH123 - the kernel's own
        return [int(word) for word in file.read().split()]


def test_two_workers_share_a_port(make_gateway, login):
    """Both answer; one that is killed is replaced; the end of the parent is theirs too."""
    api = make_gateway(login, table="workers = 2")
    first = wait_for(lambda: (at := workers_of(api))[1:] and at, what="two workers")
    assert len(first) == 2
    os.kill(first[0], signal.SIGKILL)
    wait_for(
        lambda: len(workers_of(api)) == 2 and first[0] not in workers_of(api), what="a new worker"
    )
    for _ in range(20):
        with api.client() as client:
            assert client.get("/item?id=eq.1").status_code == 200
    left = workers_of(api)
    api.process.kill()
    api.process.wait()
    wait_for(lambda: not any(is_alive(one) for one in left), what="the end of the workers")


def is_alive(process):
    """Return whether a process runs."""
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as file:  # noqa: PTH123 - as above
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
