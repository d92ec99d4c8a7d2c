#!/usr/bin/python3
"""Stands between a client and a PostgreSQL server and cuts the connection at the client's COMMIT.
   cut_at_commit.py SERVER CLIENTS before|after

SERVER is the socket of the server, CLIENTS the one to make. `before`: the server never gets the COMMIT;
`after`: it has carried it out, and the client does not hear of it."""

import os
import selectors
import socket
import sys
import threading

COMMIT = b"COMMIT\0"  # in the message of the client (Query), and in the answer of the server (CommandComplete)


def serve(client, server, when):
    with client, server, selectors.DefaultSelector() as waiting:
        waiting.register(client, selectors.EVENT_READ, server)
        waiting.register(server, selectors.EVENT_READ, client)
        while True:
            for key, _ in waiting.select():
                said = key.fileobj.recv(65536)
                cut_here = client if when == "before" else server
                if not said or (key.fileobj is cut_here and COMMIT in said):
                    return
                key.data.sendall(said)


def main():
    server, clients, when = sys.argv[1:]
    door = socket.socket(socket.AF_UNIX)
    door.bind(clients)
    os.chmod(clients, 0o777)
    door.listen()
    while True:
        client, _ = door.accept()
        inside = socket.socket(socket.AF_UNIX)
        inside.connect(server)
        threading.Thread(target=serve, args=(client, inside, when), daemon=True).start()


main()
