"""One end of a bridge on pyzmq sockets, as a Python program without Rogue would write it.

    python3 pyzmq_peer.py server|client ADDR PORT echo|duplex [COUNT] [SIZE]

The same modes, and the same lines of JSON, as zeromq-peer.cjs.
"""

import json
import struct
import sys
import threading

import zmq

role, addr, port, mode = sys.argv[1:5]
count = int(sys.argv[5]) if len(sys.argv) > 5 else 0
size = int(sys.argv[6]) if len(sys.argv) > 6 else 0
server = role == "server"


def say(**line):
    print(json.dumps(line), flush=True)


def endpoint(number):
    return f"tcp://{addr}:{number}"


def send_numbered(push):
    for number in range(count):
        payload = struct.pack("<I", number) + bytes([number & 0xFF]) * (size - 4)
        push.send_multipart([struct.pack("<H", number & 0xFFFF), bytes([number & 0xFF]), b"\0", payload])


def receive_numbered(pull):
    received = 0
    total = 0
    ordered = True
    while received < count:
        flags, channel, _error, payload = pull.recv_multipart()
        ordered = ordered and struct.unpack("<I", payload[:4])[0] == received
        ordered = ordered and struct.unpack("<H", flags)[0] == received & 0xFFFF and channel[0] == received & 0xFF
        received += 1
        total += len(payload)
    say(received=received, bytes=total, ordered=ordered)


context = zmq.Context()
push = context.socket(zmq.PUSH)
push.setsockopt(zmq.IMMEDIATE, 1)
push.setsockopt(zmq.LINGER, 0)
pull = context.socket(zmq.PULL)
pull.setsockopt(zmq.LINGER, 0)
base = int(port)
if server:
    pull.bind(endpoint(base))
    push.bind(endpoint(base + 1))
else:
    push.connect(endpoint(base))
    pull.connect(endpoint(base + 1))
say(ready=True)

if mode == "echo":
    while True:
        push.send_multipart(pull.recv_multipart(copy=False), copy=False)

sender = threading.Thread(target=send_numbered, args=(push,), daemon=True)
sender.start()
receive_numbered(pull)
sender.join()
# The test ends this process when it has what it wants.
threading.Event().wait()
