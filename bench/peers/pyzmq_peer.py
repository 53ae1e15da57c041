"""One side of a pair, on pyzmq sockets: called, and spoken to, as the Node peers are.

    python3 pyzmq_peer.py receive|send|echo|ping PORT SIZE_BYTES WARM_FRAMES FRAMES LIMIT_MS
"""

import json
import os
import queue
import resource
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


def payload_of(sequence):
    return bytes((sequence & 0xFF,)) * size


def send_frame(push, sequence):
    push.send_multipart([*HEADER, payload_of(sequence)], copy=COPY)


def is_wrong(message, sequence):
    """Another size, or another first or last byte, than was sent."""
    payload = message[3] if COPY else message[3].buffer
    byte = sequence & 0xFF
    return len(payload) != size or payload[0] != byte or payload[-1] != byte


def cpu_ms():
    """Of all threads of this process, libzmq's among them."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1e3


def peak_megabytes():
    """Peak resident memory. Not ru_maxrss on Linux: the kernel hands it from the parent through exec."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) * 1024 / 1e6
    except (OSError, StopIteration):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def receive():
    pull = open_pull()
    pull.bind(endpoint(port))
    say(ready=True)
    received = 0
    wrong = 0
    started, cpu = time.perf_counter(), cpu_ms()
    try:
        for sequence in range(warm_frames):
            wrong += is_wrong(pull.recv_multipart(copy=COPY), sequence)
        say(warm=True)
        for sequence in range(warm_frames, warm_frames + frames):
            wrong += is_wrong(pull.recv_multipart(copy=COPY), sequence)
            received += 1
            if received == 1:
                started, cpu = time.perf_counter(), cpu_ms()
    except zmq.Again:
        pass
    elapsed_ms = (time.perf_counter() - started) * 1e3
    say(
        received=received,
        wrong=wrong,
        elapsedMs=elapsed_ms,
        cpuMs=cpu_ms() - cpu,
        peakMegabytes=peak_megabytes(),
    )


def send():
    say(ready=True)
    orders.get()
    push = open_push()
    push.connect(endpoint(port))
    for sequence in range(warm_frames):
        send_frame(push, sequence)
    orders.get()
    cpu = cpu_ms()
    for sequence in range(warm_frames, warm_frames + frames):
        send_frame(push, sequence)
    # The receiver has every frame by now: libzmq's thread has done its part.
    orders.get()
    say(sent=warm_frames + frames, cpuMs=cpu_ms() - cpu, peakMegabytes=peak_megabytes())
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
    orders.get()
    pull = open_pull()
    push = open_push()
    push.connect(endpoint(port))
    pull.connect(endpoint(port + 1))
    samples = []
    wrong = 0
    try:
        for sequence in range(warm_frames + frames):
            started = time.perf_counter()
            send_frame(push, sequence)
            back = pull.recv_multipart(copy=COPY)
            micros = (time.perf_counter() - started) * 1e6
            wrong += is_wrong(back, sequence)
            if sequence >= warm_frames:
                samples.append(round(micros, 1))
    except zmq.Again:
        pass
    say(received=len(samples), wrong=wrong, samplesMicros=samples)


threading.Thread(target=read_orders, daemon=True).start()
{"receive": receive, "send": send, "echo": echo, "ping": ping}[role]()
threading.Event().wait()
