"""One side of a pair, on pyzmq sockets: called, and spoken to, as the Node peers are.

    python3 pyzmq_peer.py receive|send|echo|ping PORT SIZE_BYTES WARM_FRAMES FRAMES LIMIT_MS
"""

import json
import os
import queue
import sys
import threading
import time

import zmq

role = sys.argv[1]
port, size, warm_frames, frames, limit_ms = (int(text) for text in sys.argv[2:7])

# pyzmq's own threshold: below it a copy is cheaper than keeping the message alive.
COPY = size < zmq.COPY_THRESHOLD
HEADER = [b"\0\0", b"\0", b"\0"]

context = zmq.Context()
orders = queue.Queue()


def read_orders():
    for line in sys.stdin:
        orders.put(line.strip())
    # The parent is gone or wants no more.
    os._exit(0)


def say(**line):
    print(json.dumps(line), flush=True)


def endpoint(number):
    return f"tcp://127.0.0.1:{number}"


def open_push():
    push = context.socket(zmq.PUSH)
    push.setsockopt(zmq.IMMEDIATE, 1)
    push.setsockopt(zmq.LINGER, 0)
    return push


def open_pull():
    pull = context.socket(zmq.PULL)
    # A frame lost would leave us waiting: then what did come is told.
    pull.setsockopt(zmq.RCVTIMEO, limit_ms)
    return pull


def receive():
    pull = open_pull()
    pull.bind(endpoint(port))
    say(ready=True)
    received = 0
    wrong = 0
    started = time.perf_counter()
    try:
        for _ in range(warm_frames):
            wrong += len(pull.recv_multipart(copy=COPY)[3]) != size
        say(warm=True)
        for received in range(1, frames + 1):
            wrong += len(pull.recv_multipart(copy=COPY)[3]) != size
            if received == 1:
                started = time.perf_counter()
    except zmq.Again:
        received = max(received - 1, 0)
    say(received=received, wrong=wrong, elapsedMs=(time.perf_counter() - started) * 1e3)


def send():
    say(ready=True)
    message = [*HEADER, bytes(size)]
    orders.get()
    push = open_push()
    push.connect(endpoint(port))
    for _ in range(warm_frames):
        push.send_multipart(message, copy=COPY)
    orders.get()
    for _ in range(frames):
        push.send_multipart(message, copy=COPY)
    say(sent=frames)
    threading.Event().wait()


def echo():
    pull = open_pull()
    push = open_push()
    pull.bind(endpoint(port))
    push.bind(endpoint(port + 1))
    say(ready=True)
    while True:
        push.send_multipart(pull.recv_multipart(copy=COPY), copy=COPY)


def ping():
    say(ready=True)
    message = [*HEADER, bytes(size)]
    orders.get()
    pull = open_pull()
    push = open_push()
    push.connect(endpoint(port))
    pull.connect(endpoint(port + 1))
    samples = []
    wrong = 0
    try:
        for number in range(-warm_frames, frames):
            started = time.perf_counter()
            push.send_multipart(message, copy=COPY)
            back = pull.recv_multipart(copy=COPY)
            micros = (time.perf_counter() - started) * 1e6
            wrong += len(back[3]) != size
            if number >= 0:
                samples.append(round(micros, 1))
    except zmq.Again:
        pass
    say(received=len(samples), wrong=wrong, samplesMicros=samples)


threading.Thread(target=read_orders, daemon=True).start()
{"receive": receive, "send": send, "echo": echo, "ping": ping}[role]()
threading.Event().wait()
