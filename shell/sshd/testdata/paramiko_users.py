"""Changes the user's name between attempts in one connection, as paramiko may.

Arguments: port, file of carl's key. Prints a line for each step.
"""
import socket
import sys

import paramiko


# paramiko asks for the authentication service anew at each attempt, which Go's
# server takes for an error. RFC 4252 §5 has it once, as here.
ask = paramiko.auth_handler.AuthHandler._request_auth


def ask_once(handler):
    if not getattr(handler.transport, "asked", False):
        handler.transport.asked = True
        return ask(handler)
    m = paramiko.Message()
    m.add_string("ssh-userauth")
    m.rewind()
    handler._parse_service_accept(m)


paramiko.auth_handler.AuthHandler._request_auth = ask_once


def attempt(name, call):
    try:
        call()
        print(name, "in")
    except paramiko.AuthenticationException:
        print(name, "refused")


def connect(port):
    transport = paramiko.Transport(socket.create_connection(("127.0.0.1", port), timeout=10))
    transport.start_client(timeout=10)
    return transport


port, key = int(sys.argv[1]), paramiko.Ed25519Key.from_private_key_file(sys.argv[2])

t = connect(port)
attempt("carl by password", lambda: t.auth_password("carl", "right", fallback=False))
attempt("anna by carl's key", lambda: t.auth_publickey("anna", key))
attempt("anna by password", lambda: t.auth_password("anna", "right", fallback=False))
channel = t.open_session(timeout=10)
channel.exec_command("who")
print("is", channel.makefile().read().decode().strip(), "status", channel.recv_exit_status())
t.close()

t = connect(port)
attempt("bert by key", lambda: print("left:", t.auth_publickey("bert", key)))
try:
    t.auth_password("anna", "right", fallback=False)
    print("anna after bert's half: in")
except (paramiko.SSHException, EOFError):
    print("anna after bert's half: refused")
t.close()
